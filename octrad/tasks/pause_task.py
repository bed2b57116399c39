"""Lets go of a task whose next model call finds no room in a budget, and queues it again when there is room."""

from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import class_row

from octrad.foundation.config import Budgets
from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.append_events import StaleLeaseError
from octrad.tasks.budget import Standing, Subject, budgets_of, pause_note, raise_command
from octrad.tasks.budget_standing import read_standings
from octrad.tasks.enqueue import enqueue
from octrad.tasks.find_task import lock_task
from octrad.tasks.machine import OWNED, TaskState
from octrad.tasks.task import Lease, Role
from octrad.tasks.transition import Advice, Cause, move_task

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


async def pause_task(database: Database, lease: Lease, full: Standing) -> bool:
    """Pauses the owner's task, and says whether it is paused: not when a person cancels it, which is for its owner.

    Args:
        database: the truth; an outage is waited out.
        lease: the owner's. Made before under it, the change is not made twice.
        full: the budget that has no room.

    Raises:
        StaleLeaseError: the task has another owner, or none.
    """
    advice = Advice(pause_note(full), raise_command(full))
    reason = f"the {full.budget.words} is used up: {full.amounts}"

    async def pause(connection: AsyncConnection) -> bool:
        task = await lock_task(connection, lease.task_id)
        if task.generation == lease.generation and task.state is TaskState.PAUSED:
            return True
        if task.generation != lease.generation or task.state not in OWNED:
            raise StaleLeaseError(lease)
        if task.cancel_requested:
            return False
        await connection.execute(_QUERIES["pause"], {"task_id": task.id, "scope": full.budget.scope})
        await move_task(connection, task, TaskState.PAUSED, Cause(Role.DAEMON, reason), advice)
        return True

    return await database.run(pause)


async def resume_paused(database: Database, configured: Budgets, now: datetime) -> tuple[TaskId, ...]:
    """Queues every task that was paused by a budget and has room in all of its budgets now; returns which.

    What is decided here is no admission: each call of theirs asks for its own.
    """

    async def look(connection: AsyncConnection) -> tuple[TaskId, ...]:
        async with connection.cursor(row_factory=class_row(Subject)) as cursor:
            await cursor.execute(_QUERIES["paused_tasks"])
            limits = {subject: budgets_of(subject, configured, now) for subject in await cursor.fetchall()}
        standings = await read_standings(connection, tuple(dict.fromkeys(chain(*limits.values()))))
        full = {standing.budget for standing in standings if not standing.has_room}
        return tuple(subject.task_id for subject, budgets in limits.items() if full.isdisjoint(budgets))

    with_room = await database.run(look)
    return tuple([task_id for task_id in with_room if await _resume(database, task_id)])


async def _resume(database: Database, task_id: TaskId) -> bool:
    async def resume(connection: AsyncConnection) -> bool:
        task = await lock_task(connection, task_id)
        # Somebody may have cancelled it, or resumed it, since it was found.
        if await (await connection.execute(_QUERIES["unpause"], {"task_id": task_id})).fetchone() is None:
            return False
        cause = Cause(Role.DAEMON, "its budget has room again")
        await enqueue(connection, await move_task(connection, task, TaskState.QUEUED, cause))
        return True

    return await database.run(resume)
