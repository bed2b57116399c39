"""The revision of a project's context: every change of it has one, and changes come one after the other.

It is a number in the project's row. Whoever changes the context raises it first and holds the row's lock until the
change is committed, so what counted at a revision is settled as soon as somebody can read that number: reading it
again gives the same entries, whatever was said or forgotten since.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection

from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.list_budgets import ProjectNotFoundError

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class Revision:
    """A change of a project's context that is being made, in a transaction that holds the project's row."""

    project: str
    number: int


async def begin_change(connection: AsyncConnection, project: str) -> Revision:
    """Begins a change of the project's context, in the caller's transaction.

    Raises:
        ProjectNotFoundError: there is no such project.
    """
    row = await (await connection.execute(_QUERIES["raise_of_project"], {"project": project})).fetchone()
    if row is None:
        raise ProjectNotFoundError(project)
    return Revision(*row)


async def begin_change_by_task(connection: AsyncConnection, task_id: TaskId) -> Revision:
    """Begins a change of the context of the project that a task is of, in the caller's transaction."""
    row = await (await connection.execute(_QUERIES["raise_of_task"], {"task_id": task_id})).fetchone()
    assert row is not None  # noqa: S101 - whoever changes it holds the task, and no task is without a project
    return Revision(*row)
