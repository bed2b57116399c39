"""Lists budgets with what is used of them: those of one task or project, or those that matter now."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from psycopg.rows import class_row

from octrad.foundation.config import Budgets
from octrad.foundation.errors import NotFoundError
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.budget import (
    Budget,
    Scope,
    Standing,
    Subject,
    budgets_of,
    common_budgets,
    user_budget,
)
from octrad.tasks.budget_standing import read_standings

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))
# The widest first, for people.
_ORDER: Final = (Scope.MONTH, Scope.DAY, Scope.USER, Scope.PROJECT, Scope.TASK)


class ProjectNotFoundError(NotFoundError):
    """No task was ever submitted to the project."""

    code = "project_not_found"

    def __init__(self, project: str) -> None:
        hint = "`octractl list` shows the tasks with their projects"
        super().__init__(f"there is no project `{project[:80]}`", hint=hint)


async def list_budgets(database: Database, budgets: Sequence[Budget]) -> tuple[Standing, ...]:
    """How these budgets stand, the widest first."""
    in_order = sorted(dict.fromkeys(budgets), key=lambda budget: _ORDER.index(budget.scope))
    async with database.connection() as connection:
        return await read_standings(connection, in_order)


async def list_current_budgets(
    database: Database, configured: Budgets, now: datetime, *, uid: int, user_name: str
) -> tuple[Standing, ...]:
    """How the budgets stand that limit all tasks, this user, or what has not ended."""
    own = user_budget(uid, user_name, configured, now)
    budgets = [*common_budgets(configured, now), *([own] if own else [])]
    async with database.connection() as connection, connection.cursor(row_factory=class_row(Subject)) as cursor:
        await cursor.execute(_QUERIES["unended"])
        for subject in await cursor.fetchall():
            budgets += budgets_of(subject, configured, now)
    return await list_budgets(database, budgets)


async def require_project(database: Database, project: str) -> None:
    """Accepts the name of a project that exists.

    Raises:
        ProjectNotFoundError: there is none of that name.
    """
    async with database.connection() as connection:
        cursor = await connection.execute(_QUERIES["has_project"], {"project": project})
        if await cursor.fetchone() is None:
            raise ProjectNotFoundError(project)
