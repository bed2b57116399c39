"""Adds up what model calls have cost, by whatever they have in common. Every attempt counts, failed ones too."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from psycopg.rows import dict_row

from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))
MOST_GROUPS: Final = 1000


class CostGroup(StrEnum):
    """What the calls of a group have in common."""

    TASK = "task"
    PROJECT = "project"
    MODEL = "model"
    USER = "user"
    DAY = "day"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class Cost:
    """The calls of a group. `cost_usd` is None where none has a price; unpriced calls are not in it."""

    key: str
    calls: int
    failed_calls: int
    unpriced_calls: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class CostSums:
    """The groups, the dearest first but for days, which are in their order; and all of them together."""

    costs: tuple[Cost, ...]
    total: Cost


async def sum_costs(database: Database, by: CostGroup, *, since: datetime | None = None, project: str = "") -> CostSums:
    """Adds up the calls from `since` on and of `project`, or all.

    Raises:
        UnavailableError: the database does not answer.
    """
    values = {"by": by, "since": since, "project": project, "limit": MOST_GROUPS}
    async with database.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_QUERIES["cost_sums"], values)
        rows = await cursor.fetchall()
    sums = [(row.pop("is_total"), Cost(**row)) for row in rows]
    # A total is there also where nothing else is.
    [total] = [cost for is_total, cost in sums if is_total]
    return CostSums(tuple(cost for is_total, cost in sums if not is_total), total)
