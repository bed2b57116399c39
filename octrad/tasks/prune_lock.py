"""Keeps pruning from meeting what makes an old snapshot matter again: a task that begins with it, or is retried.

Both are decided by what the other would change, so each holds this lock of the database until its transaction ends.
"""

from pathlib import Path
from typing import Final

from psycopg import AsyncConnection

from octrad.foundation.postgres.queries import load_queries

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


async def hold_off_pruning(connection: AsyncConnection) -> None:
    """Waits for a pruning that is under way; none begins until the caller's transaction ends."""
    await connection.execute(_QUERIES["hold_off_pruning"])


async def begin_pruning(connection: AsyncConnection) -> None:
    """Waits for those who hold pruning off; what they wrote is seen by the statements that follow."""
    await connection.execute(_QUERIES["begin_pruning"])
