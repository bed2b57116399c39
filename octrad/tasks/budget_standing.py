"""Reads what is used of budgets, and lets one after the other act on it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.budget import Budget, Standing

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


async def lock_budgets(connection: AsyncConnection) -> None:
    """Until the transaction ends, nobody else admits a call or raises a limit. To be taken before any task's row."""
    await connection.execute(_QUERIES["lock_budgets"])


async def read_standings(connection: AsyncConnection, budgets: Sequence[Budget]) -> tuple[Standing, ...]:
    """The budgets, in their order, with what is used of them."""
    if not budgets:
        return ()
    cursor = await connection.execute(
        _QUERIES["standings"], {"budgets": Jsonb([_budget_json(budget) for budget in budgets])}
    )
    rows = await cursor.fetchall()
    return tuple(Standing(budget, *row) for budget, row in zip(budgets, rows, strict=True))


def _budget_json(budget: Budget) -> dict[str, Any]:
    return {
        "scope": budget.scope,
        "name": budget.name,
        "period": budget.period,
        "since": None if budget.since is None else budget.since.isoformat(),
        "limit_usd": budget.limit_usd,
    }
