"""Brings a task from one state to another: guard, new state, history and event in one transaction. Nobody else does."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection

from octrad.foundation.message_ids import MessageId
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.append_events import NewEvent, StaleLeaseError, append_events
from octrad.tasks.context.end_entries import end_entries
from octrad.tasks.events import Advised, StateChanged
from octrad.tasks.find_task import lock_task
from octrad.tasks.machine import OWNED, TaskState, check_transition, is_final
from octrad.tasks.storable_text import storable_text
from octrad.tasks.task import Lease, Role, Task
from octrad.tasks.task_row import task_row

logger = logging.getLogger(__name__)
_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))
_MESSAGE_IDS: Final = {
    TaskState.QUEUED: MessageId.TASK_QUEUED,
    TaskState.RUNNING: MessageId.TASK_STARTED,
    TaskState.PAUSED: MessageId.TASK_PAUSED,
    TaskState.DONE: MessageId.TASK_DONE,
    TaskState.FAILED: MessageId.TASK_FAILED,
    TaskState.CANCELLED: MessageId.TASK_CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Who moves a task, and why. `uid` where a person asked; `machine` where the owner changes with it."""

    role: Role
    reason: str = ""
    uid: int | None = None
    machine: str | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """The advisor's note: what happened, and one next step."""

    note: str
    next_command: str = ""


async def move_task(
    connection: AsyncConnection, task: Task, to: TaskState, cause: Cause, advice: Advice | None = None
) -> Task:
    """Moves a task whose row the caller has locked (`lock_task`), and gives it as it is now.

    Raises:
        WrongStateError: the state machine has no such way.
    """
    check_transition(task.state, to)
    if advice is not None:
        await _write_advice(connection, task, advice)
    if is_final(to):
        await connection.execute(_QUERIES["fail_open_steps"], {"task_id": task.id})
        await end_entries(connection, task.id)
    moved = await _update(connection, task, to, cause)
    change = StateChanged(task.state, to, cause.reason)
    await append_events(connection, task.id, [NewEvent(change, cause.role)])
    _tell_log(moved, task.state, cause)
    return moved


async def add_transition(connection: AsyncConnection, task: Task, came_from: TaskState, cause: Cause) -> None:
    """Writes a row of history: `task`, as it is now, came from another state."""
    values = {
        "task_id": task.id,
        "from": came_from,
        "to": task.state,
        "generation": task.generation,
        "role": cause.role,
        "uid": cause.uid,
        "reason": storable_text(cause.reason),
    }
    await connection.execute(_QUERIES["add_transition"], values)


async def change_state(
    database: Database,
    lease: Lease,
    to: TaskState,
    *,
    reason: str = "",
    role: Role = Role.DAEMON,
    advice: Advice | None = None,
) -> Task:
    """The owner's change of state. Made before under this lease, it changes nothing and answers the same.

    Args:
        database: the truth; an outage is waited out.
        lease: the owner's.
        to: the new state.
        reason: why, in a few words.
        role: who decided it.
        advice: the advisor's note, for every end that is not `done`.

    Raises:
        StaleLeaseError: the task has another owner, or none.
        WrongStateError: the state machine has no such way.
    """

    async def change(connection: AsyncConnection) -> Task:
        task = await lock_task(connection, lease.task_id)
        if task.generation == lease.generation and task.state == to:
            return task
        if task.generation != lease.generation or task.state not in OWNED:
            raise StaleLeaseError(lease)
        return await move_task(connection, task, to, Cause(role, reason), advice)

    return await database.run(change)


async def describe_task(
    database: Database,
    lease: Lease,
    *,
    title: str | None = None,
    stack: str | None = None,
    grade: int | None = None,
    rehearsal: bool | None = None,
) -> None:
    """Writes what the owner learned about its task; None leaves a field as it is.

    Raises:
        StaleLeaseError: the lease has ended.
    """
    values = {
        "task_id": lease.task_id,
        "generation": lease.generation,
        "title": None if title is None else storable_text(title),
        "stack": stack,
        "grade": grade,
        "rehearsal": rehearsal,
    }

    async def describe(connection: AsyncConnection) -> None:
        if (await connection.execute(_QUERIES["describe_task"], values)).rowcount == 0:
            raise StaleLeaseError(lease)

    await database.run(describe)


def _tell_log(task: Task, came_from: TaskState, cause: Cause) -> None:
    """The states of a task are what its story in the journal hangs on. No reason: it may quote a model."""
    fields = {"task": task.id, "project": task.project, "role": cause.role, "uid": cause.uid}
    is_resumed_review = task.state is TaskState.RUNNING and came_from is not TaskState.QUEUED
    fields["message_id"] = None if is_resumed_review else _MESSAGE_IDS.get(task.state)
    level = logging.WARNING if task.state in {TaskState.FAILED, TaskState.PAUSED} else logging.INFO
    logger.log(level, "the task went from %s to %s", came_from, task.state, extra=fields)


async def _update(connection: AsyncConnection, task: Task, to: TaskState, cause: Cause) -> Task:
    # The owner changes when the task is handed out and when it is taken back.
    new_owners = int(to is TaskState.RUNNING and task.state is TaskState.QUEUED) + int(to is TaskState.QUEUED)
    values = {
        "task_id": task.id,
        "to": to,
        "final": is_final(to),
        "new_owners": new_owners,
        "machine": cause.machine,
    }
    async with connection.cursor(row_factory=task_row) as cursor:
        await cursor.execute(_QUERIES["move_task"], values)
        moved = await cursor.fetchone()
    if moved is None:  # pragma: no cover - the caller holds the row's lock
        raise StaleLeaseError(Lease(task.id, task.generation))
    await add_transition(connection, moved, task.state, cause)
    return moved


async def _write_advice(connection: AsyncConnection, task: Task, advice: Advice) -> None:
    note = storable_text(advice.note)
    values = {"task_id": task.id, "note": note, "next_command": storable_text(advice.next_command)}
    await connection.execute(_QUERIES["write_note"], values)
    await append_events(connection, task.id, [NewEvent(Advised(note, advice.next_command), Role.DAEMON)])
