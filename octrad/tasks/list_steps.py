"""The journal of a task as people see it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from psycopg.rows import class_row

from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A step as it is recorded. `state` is running, finished or failed; `error` says why it failed."""

    name: str
    state: str
    attempt: int
    started_at: datetime
    duration_ms: int
    commit: str
    has_log: bool
    role: str
    agent: str
    title: str
    error: str


async def list_steps(database: Database, task_id: TaskId) -> tuple[StepRecord, ...]:
    """Every step of the task, in the order in which they began."""
    async with (
        database.connection() as connection,
        connection.cursor(row_factory=class_row(StepRecord)) as cursor,
    ):
        await cursor.execute(_QUERIES["list_steps"], {"task_id": task_id})
        return tuple(await cursor.fetchall())
