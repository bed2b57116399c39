"""A person ends a task.

Only an owner can leave a snapshot behind, so only a task on which no work was done ends here at once.
"""

from pathlib import Path
from typing import Final

from psycopg import AsyncConnection

from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.enqueue import drop_waiting_job, enqueue
from octrad.tasks.find_task import TaskNotFoundError, lock_task
from octrad.tasks.machine import OWNED, TaskState, is_final
from octrad.tasks.request_ids import find_answered, remember_answered, request_key
from octrad.tasks.storable_text import storable_text
from octrad.tasks.task import Role, Task
from octrad.tasks.task_row import task_row
from octrad.tasks.transition import Advice, Cause, move_task

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


async def cancel_task(
    database: Database, task_id: TaskId, *, reason: str = "", request_id: str = "", uid: int = 0
) -> Task:
    """Asks for a task's end and returns at once; `EventLog.wait_until_final` waits for it.

    A task on which no work was done is cancelled here. One that has an owner is ended by it: it is told now. One that
    was begun and has no owner gets one, ahead of all new work, to be wound up. A task that is over stays as it is.

    Raises:
        TaskNotFoundError: there is no such task.
        RequestIdReusedError: the request id was used for another cancelling.
        UnavailableError: the database does not answer.
    """
    key = request_key("CancelTask", request_id, uid, {"task_id": task_id, "reason": reason})
    async with database.connection() as connection, connection.transaction():
        if await find_answered(connection, key) is not None:
            return await lock_task(connection, task_id)
        task = await lock_task(connection, task_id)
        if not is_final(task.state):
            await _cancel(connection, await _request(connection, task, reason), uid)
        await remember_answered(connection, key, task_id)
        return await lock_task(connection, task_id)


async def _request(connection: AsyncConnection, task: Task, reason: str) -> Task:
    async with connection.cursor(row_factory=task_row) as cursor:
        await cursor.execute(_QUERIES["request_cancel"], {"task_id": task.id, "reason": storable_text(reason)})
        requested = await cursor.fetchone()
    if requested is None:  # pragma: no cover - the caller holds the row's lock
        raise TaskNotFoundError(task.id)
    return requested


async def _cancel(connection: AsyncConnection, task: Task, uid: int) -> None:
    cause = Cause(Role.USER, task.cancel_reason, uid)
    if task.state in OWNED:
        await connection.execute(_QUERIES["tell_owner"], {"task_id": task.id})
        return
    await drop_waiting_job(connection, task.id)
    if not await _has_begun(connection, task.id):
        await move_task(connection, task, TaskState.CANCELLED, cause, _nothing_was_made(task))
        return
    if task.state is TaskState.PAUSED:
        # The daemon's move: nobody has submitted anything, and it counts for no quota.
        task = await move_task(connection, task, TaskState.QUEUED, Cause(Role.DAEMON, "to be wound up"))
    await enqueue(connection, task)


def _nothing_was_made(task: Task) -> Advice:
    return Advice("It was cancelled before any work began, so there is nothing to keep.", f"octractl retry {task.id}")


async def _has_begun(connection: AsyncConnection, task_id: TaskId) -> bool:
    row = await (await connection.execute(_QUERIES["has_begun"], {"task_id": task_id})).fetchone()
    return row is not None and bool(row[0])
