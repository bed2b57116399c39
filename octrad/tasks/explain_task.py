"""Gathers the facts for `explain`."""

from pathlib import Path
from typing import Final

from psycopg.rows import dict_row

from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.explain import Explanation, Facts, explain
from octrad.tasks.find_task import TaskNotFoundError, get_task

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


async def explain_task(database: Database, task_id: TaskId, *, tasks_at_once: int) -> Explanation:
    """Why the task is not running, or what it is waiting for.

    Args:
        database: the truth.
        task_id: which.
        tasks_at_once: the limit of a machine.

    Raises:
        TaskNotFoundError: there is no such task.
    """
    task = await get_task(database, task_id)
    async with database.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_QUERIES["facts"], {"task_id": task_id})
        row = await cursor.fetchone()
    if row is None:
        raise TaskNotFoundError(task_id)
    row["running_steps"] = tuple(row["running_steps"])
    return explain(task, Facts(**row, tasks_at_once=tasks_at_once))
