"""Counts what a user uses, and holds new work to their quota in the transaction that records it."""

from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import class_row

from octrad.foundation.errors import OctraError
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.quota import UNLIMITED, Quota, Usage, require_quota

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


async def read_usage(database: Database, uid: int) -> Usage:
    """What the user uses now."""
    async with database.connection() as connection:
        return await _usage(connection, uid)


async def hold_to_quota(connection: AsyncConnection, uid: int, quota: Quota) -> None:
    """Accepts one task more of the user's. Until the transaction ends, their next one waits here.

    Raises:
        QuotaExceededError: it would be one too many.
    """
    if quota == UNLIMITED:
        return
    await connection.execute(_QUERIES["lock_user"], {"uid": uid})
    require_quota(quota, await _usage(connection, uid))


async def hold_to_cost_quota(database: Database, uid: int, quota: Quota) -> None:
    """Accepts a model call more of the user's, outside of the tasks that they begin.

    Raises:
        QuotaExceededError: their tasks have cost as much already as they may in a day.
    """
    async with database.connection() as connection, connection.transaction():
        await hold_to_quota(connection, uid, Quota(cost_usd_a_day=quota.cost_usd_a_day))


async def _usage(connection: AsyncConnection, uid: int) -> Usage:
    async with connection.cursor(row_factory=class_row(Usage)) as cursor:
        await cursor.execute(_QUERIES["usage"], {"uid": uid})
        usage = await cursor.fetchone()
    if usage is None:  # pragma: no cover - a SELECT of counts gives its row
        raise OctraError("the database counted a user's tasks and gave nothing back")
    return usage
