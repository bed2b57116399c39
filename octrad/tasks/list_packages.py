"""The packages that a task's plan and workers asked for, and what became of them: read from its events."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg.rows import class_row

from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class AskedPackage:
    """A package that was asked for. `reason` says why it is refused; empty: it was added to the environment."""

    package: str
    reason: str


async def list_packages(database: Database, task_id: TaskId) -> tuple[AskedPackage, ...]:
    """Those that workers were granted, and all that were refused, each once, as it was said of it last."""
    async with (
        database.connection() as connection,
        connection.cursor(row_factory=class_row(AskedPackage)) as cursor,
    ):
        await cursor.execute(_QUERIES["list_packages"], {"task_id": task_id})
        return tuple(await cursor.fetchall())
