"""Reads what a step of a task recorded, for those who do not own the task; its owner reads through the journal."""

from pathlib import Path
from typing import Final, TypeVar

from pydantic import TypeAdapter

from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))

T = TypeVar("T")


async def recorded_result(database: Database, task_id: TaskId, step: str, result: type[T]) -> T | None:
    """The result of a finished step; None when it has not finished.

    Raises:
        pydantic.ValidationError: it is not of this type.
    """
    async with database.connection() as connection:
        found = await connection.execute(_QUERIES["recorded_result"], {"task_id": task_id, "step": step})
        row = await found.fetchone()
    return None if row is None else TypeAdapter(result).validate_json(row[0])
