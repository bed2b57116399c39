"""Puts a task's job into the queue or takes it out, in the caller's transaction, which holds the task's row lock.

With `queue.py` the only module that knows Procrastinate's tables and functions.
"""

from pathlib import Path
from typing import Final

from psycopg import AsyncConnection

from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.task import Task, TaskPriority

QUEUE: Final = "octra_tasks"
JOB: Final = "octra.run_task"

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))
_JOB_PRIORITIES: Final = {TaskPriority.P0: 3, TaskPriority.P1: 2, TaskPriority.P2: 1, TaskPriority.P3: 0}
# Winding up goes before all new work: somebody waits for it.
_WIND_UP_PRIORITY: Final = 9


async def enqueue(connection: AsyncConnection, task: Task, *, delay_s: float = 0) -> None:
    """Makes the task's job wait for a worker, unless one waits already.

    Args:
        connection: in whose transaction this happens.
        task: as it is now; one whose cancelling was asked goes first.
        delay_s: how long no worker takes it.
    """
    values = {
        "queue": QUEUE,
        "job": JOB,
        "task_id": task.id,
        "priority": _WIND_UP_PRIORITY if task.cancel_requested else _JOB_PRIORITIES[task.priority],
        "delay_s": delay_s,
    }
    await connection.execute(_QUERIES["enqueue"], values)


async def drop_waiting_job(connection: AsyncConnection, task_id: TaskId) -> None:
    """Takes the job that waits for a worker out of the queue, if there is one."""
    await connection.execute(_QUERIES["drop_waiting_job"], {"task_id": task_id})


async def drop_abandoned_job(connection: AsyncConnection, task_id: TaskId) -> None:
    """Ends the job whose worker is gone, so that the next job of this task may begin."""
    await connection.execute(_QUERIES["drop_abandoned_job"], {"task_id": task_id})
