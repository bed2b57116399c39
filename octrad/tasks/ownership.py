"""Gives a queued task to an owner, and takes it back: when the owner stops, fails, or is found dead.

Each change of owner is one transaction with the queue's job and raises the task's generation, so a task is never
without a job or an owner, and never has two.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection

from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.enqueue import JOB, drop_abandoned_job, enqueue
from octrad.tasks.find_task import TaskNotFoundError, lock_task
from octrad.tasks.machine import OWNED, TaskState
from octrad.tasks.task import Lease, Role, Task
from octrad.tasks.transition import Advice, Cause, move_task

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))
# A worker whose heart did not beat for so long is dead.
STALLED_S: Final = 30.0
# The n-th error in a row that nobody foresaw ends the task.
FAILURES_ALLOWED: Final = 3
# Before it is tried again; the second time twice as long.
FIRST_PAUSE_S = 2.0
_ERROR_CHARACTERS: Final = 500


@dataclass(frozen=True, slots=True)
class Hands:
    """What a machine knows of what it does. `lost`: tasks that it fetched and, for long enough, does not hold."""

    machine: str
    in_hand: Collection[TaskId] = ()
    lost: Collection[TaskId] = ()


async def claim_task(database: Database, task_id: TaskId, machine: str) -> Task | None:
    """Makes the machine the owner of a queued task; None when it is not queued any more.

    Raises:
        DatabaseUnavailableError: nobody knows whether it is the owner now; `reclaim_tasks` finds out.
    """
    async with database.connection() as connection, connection.transaction():
        try:
            task = await lock_task(connection, task_id)
        except TaskNotFoundError:
            return None
        if task.state is not TaskState.QUEUED:
            return None
        return await move_task(connection, task, TaskState.RUNNING, Cause(Role.DAEMON, machine=machine))


async def release_task(database: Database, lease: Lease, reason: str) -> None:
    """Puts an owner's task back into the queue, to be resumed by whoever takes it; nothing when it is not the owner."""

    async def release(connection: AsyncConnection) -> None:
        task = await lock_task(connection, lease.task_id)
        if task.generation == lease.generation and task.state in OWNED:
            await _put_back(connection, task, reason)

    await database.run(release)


async def is_owned(database: Database, lease: Lease) -> bool:
    """Whether the lease is still good."""
    values = {"task_id": lease.task_id, "generation": lease.generation}

    async def look(connection: AsyncConnection) -> bool:
        return await (await connection.execute(_QUERIES["is_owned"], values)).fetchone() is not None

    return await database.read(look)


async def put_back_unclaimed(database: Database, task_id: TaskId) -> None:
    """Gives a task whose job was fetched and not begun another job."""

    async def put_back(connection: AsyncConnection) -> None:
        task = await lock_task(connection, task_id)
        if task.state is TaskState.QUEUED:
            await enqueue(connection, task)

    await database.run(put_back)


async def count_failure(database: Database, lease: Lease, error: str, advice: Advice) -> None:
    """An owner met an error that nobody foresaw: try again after a pause, or the third time end the task."""

    async def count(connection: AsyncConnection) -> None:
        task = await lock_task(connection, lease.task_id)
        if task.generation != lease.generation or task.state not in OWNED:
            return
        await connection.execute(_QUERIES["count_failure"], {"task_id": task.id})
        failures = task.failures + 1
        if failures < FAILURES_ALLOWED:
            await _put_back(
                connection, task, f"octrad met an error: {error[:_ERROR_CHARACTERS]}", delay_s=FIRST_PAUSE_S * failures
            )
        else:
            cause = Cause(Role.DAEMON, f"octrad met an error {FAILURES_ALLOWED} times in a row")
            await move_task(connection, task, TaskState.FAILED, cause, advice)

    await database.run(count)


async def reclaim_tasks(database: Database, hands: Hands) -> int:
    """Puts every task that nobody works on any more back into the queue, and says how many there were."""
    reclaimed = 0
    for task_id in await _abandoned(database, hands):

        async def reclaim(connection: AsyncConnection, task_id: TaskId = task_id) -> bool:
            return await _reclaim(connection, task_id, hands)

        reclaimed += await database.run(reclaim)
    return reclaimed


async def fetched_tasks(database: Database, machine: str) -> frozenset[TaskId]:
    """The tasks whose jobs the machine's worker has fetched."""

    async def look(connection: AsyncConnection) -> frozenset[TaskId]:
        cursor = await connection.execute(_QUERIES["fetched_by_machine"], {"machine": machine})
        return frozenset(TaskId(row[0]) for row in await cursor.fetchall())

    return await database.read(look)


async def forget_workers(database: Database, machine: str) -> None:
    """Declares the machine's workers of before dead, so that their tasks can be reclaimed at once."""

    async def forget(connection: AsyncConnection) -> None:
        await connection.execute(_QUERIES["forget_workers"], {"machine": machine})

    await database.run(forget)


async def note_worker(database: Database, machine: str, worker_id: int) -> None:
    """Writes down that this worker is the machine's."""

    async def note(connection: AsyncConnection) -> None:
        await connection.execute(_QUERIES["note_worker"], {"machine": machine, "worker_id": worker_id})

    await database.run(note)


async def _abandoned(database: Database, hands: Hands) -> list[TaskId]:
    async def look(connection: AsyncConnection) -> list[TaskId]:
        cursor = await connection.execute(_QUERIES["abandoned_tasks"], _values(hands))
        return [TaskId(row[0]) for row in await cursor.fetchall()]

    return await database.read(look)


async def _reclaim(connection: AsyncConnection, task_id: TaskId, hands: Hands) -> bool:
    task = await lock_task(connection, task_id)
    # Somebody may have taken it since it was found.
    if await (await connection.execute(_QUERIES["abandoned_tasks"], _values(hands, task_id))).fetchone() is None:
        return False
    await drop_abandoned_job(connection, task_id)
    if task.state in OWNED:
        await _put_back(connection, task, "the octrad that ran it is gone")
    elif task.state is TaskState.QUEUED:
        await enqueue(connection, task)
    return True


async def _put_back(connection: AsyncConnection, task: Task, reason: str, *, delay_s: float = 0) -> None:
    queued = await move_task(connection, task, TaskState.QUEUED, Cause(Role.DAEMON, reason, machine=""))
    await enqueue(connection, queued, delay_s=delay_s)


def _values(hands: Hands, only: str = "") -> dict[str, object]:
    return {
        "machine": hands.machine,
        "in_hand": list(hands.in_hand),
        "lost": list(hands.lost),
        "job": JOB,
        "only": only,
        "stalled_s": STALLED_S,
    }
