"""Finds a task by its id or any unique prefix of it."""

from pathlib import Path
from typing import Final

from psycopg import AsyncConnection

from octrad.foundation.errors import InvalidRequestError, NotFoundError
from octrad.foundation.ids import TaskId, is_id_prefix
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.task import Task
from octrad.tasks.task_row import task_row

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))
_CANDIDATES_TOLD: Final = 5


class TaskNotFoundError(NotFoundError):
    """No task has this name."""

    code = "task_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no task `{name[:80]}`", hint="`octractl list` shows the tasks")


class AmbiguousNameError(InvalidRequestError):
    """Several things have a name that begins so."""

    code = "ambiguous_name"

    def __init__(self, name: str, candidates: list[str], *, field: str = "task") -> None:
        told = ", ".join(candidates[:_CANDIDATES_TOLD]) + (" and others" if len(candidates) > _CANDIDATES_TOLD else "")
        super().__init__(f"`{name}` could be {told}", field=field, hint="give more letters of it")
        self.candidates = tuple(candidates)


async def get_task(database: Database, task_id: TaskId) -> Task:
    """The task with exactly this id.

    Raises:
        TaskNotFoundError: there is none.
    """
    async with database.connection() as connection, connection.cursor(row_factory=task_row) as cursor:
        await cursor.execute(_QUERIES["get_task"], {"task_id": task_id})
        task = await cursor.fetchone()
    if task is None:
        raise TaskNotFoundError(task_id)
    return task


async def find_task(database: Database, name: str) -> Task:
    """The task whose id is `name` or alone begins with it.

    Raises:
        TaskNotFoundError: no id begins so.
        AmbiguousNameError: several do; the error names them.
    """
    if not is_id_prefix(name):
        raise TaskNotFoundError(name)
    async with database.connection() as connection, connection.cursor(row_factory=task_row) as cursor:
        await cursor.execute(_QUERIES["find_tasks"], {"name": name})
        found = await cursor.fetchall()
    if not found:
        raise TaskNotFoundError(name)
    if len(found) > 1 and found[0].id != name:
        raise AmbiguousNameError(name, [task.id for task in found])
    return found[0]


async def lock_task(connection: AsyncConnection, task_id: TaskId) -> Task:
    """The task, with its row locked until the caller's transaction ends: nobody else changes it or appends an event.

    Raises:
        TaskNotFoundError: there is none.
    """
    async with connection.cursor(row_factory=task_row) as cursor:
        await cursor.execute(_QUERIES["lock_task"], {"task_id": task_id})
        task = await cursor.fetchone()
    if task is None:
        raise TaskNotFoundError(task_id)
    return task
