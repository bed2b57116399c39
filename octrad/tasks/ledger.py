"""The ledger: one row for every attempt at a model call, written by the journal in the step's own transaction."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from psycopg.rows import class_row

from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.events import ModelAnswered
from octrad.tasks.storable_text import storable_json

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One attempt at a model call. `step` and `role` may be left empty: the journal knows them.

    `cost_usd` is None where the model has no price. `outcome` is `ok` or the class of the failure.
    Calls of the same `content_hash` were asked with the same prompts, skills, guides and stacks; of the same
    `prices_hash` at the same prices.
    """

    model: str
    outcome: str
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float | None = None
    duration_ms: int = 0
    error: str = ""
    content_hash: str = ""
    prices_hash: str = ""
    step: str = ""
    role: str = ""
    at: datetime | None = None

    def answered(self) -> ModelAnswered:
        """The event that tells of it."""
        return ModelAnswered(
            self.model,
            self.outcome,
            self.input_tokens,
            self.output_tokens,
            self.cached_tokens,
            self.cost_usd,
            self.duration_ms,
            self.error,
        )


def calls_json(calls: Sequence[ModelCall]) -> list[dict[str, Any]]:
    """The rows as the queries that write them take them."""
    return [_call_json(call) for call in calls]


async def list_model_calls(database: Database, task_id: TaskId) -> tuple[ModelCall, ...]:
    """Every recorded attempt of the task, in the order in which they were recorded."""
    async with (
        database.connection() as connection,
        connection.cursor(row_factory=class_row(ModelCall)) as cursor,
    ):
        await cursor.execute(_QUERIES["list_model_calls"], {"task_id": task_id})
        return tuple(await cursor.fetchall())


def _call_json(call: ModelCall) -> dict[str, Any]:
    at = None if call.at is None else call.at.isoformat()
    return storable_json(asdict(call) | {"at": at})  # type: ignore[no-any-return] # JSON in, JSON out
