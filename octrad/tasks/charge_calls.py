"""Charges a task with model calls that no step of a run made, in the caller's transaction; those are the journal's."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.ledger import ModelCall, calls_json

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


async def charge_calls(connection: AsyncConnection, task_id: TaskId, calls: Sequence[ModelCall]) -> None:
    """Writes the rows of the ledger and adds them up in the task. The calls say their step, role and time."""
    if calls:
        await connection.execute(_QUERIES["charge"], {"task_id": task_id, "calls": Jsonb(calls_json(calls))})
