"""Sets the limit of a budget for its current period. The configuration's limit counts again in the next one."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection

from octrad.foundation.errors import ConflictError
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.budget import Budget, Standing, money
from octrad.tasks.budget_standing import lock_budgets, read_standings
from octrad.tasks.request_ids import RequestIdReusedError

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


class SpentAlreadyError(ConflictError):
    """More than the new limit is spent already."""

    code = "spent_already"


async def raise_budget(
    database: Database, budget: Budget, limit_usd: float, *, request_id: str = "", uid: int = 0
) -> Standing:
    """Makes `limit_usd` the limit, and returns how the budget stands.

    Args:
        database: the truth.
        budget: which.
        limit_usd: the new limit, more than nothing.
        request_id: makes the call idempotent, unless empty.
        uid: the user who asks.

    Raises:
        SpentAlreadyError: more is spent already; the error says how much.
        RequestIdReusedError: the request id was used for another budget or limit.
        UnavailableError: the database does not answer.
    """
    values = {
        "uid": uid,
        "request_id": request_id,
        "scope": budget.scope,
        "name": budget.name,
        "period": budget.period,
        "limit_usd": limit_usd,
    }
    async with database.connection() as connection, connection.transaction():
        await lock_budgets(connection)
        [standing] = await read_standings(connection, [budget])
        if await _was_made(connection, values):
            return standing
        if limit_usd < standing.spent_usd:
            raise SpentAlreadyError(
                f"{money(standing.spent_usd)} of the {budget.words} is spent already, "
                f"and {money(limit_usd)} would be less",
                hint="set it to more than what is spent: octractl budget",
            )
        await connection.execute(_QUERIES["add_raise"], values)
    return replace(standing, limit_usd=limit_usd)


async def _was_made(connection: AsyncConnection, values: dict[str, object]) -> bool:
    if not values["request_id"]:
        return False
    row = await (await connection.execute(_QUERIES["find_raise"], values)).fetchone()
    if row is None:
        return False
    if row != (values["scope"], values["name"], values["limit_usd"]):
        raise RequestIdReusedError(str(values["request_id"]))
    return True
