"""A connection that sleeps while it waits.

psycopg wakes ten times a second in every wait, so that a signal is seen on every platform. Here a wait is ended by
asyncio, and a daemon that has nothing to do is to let the machine sleep.
"""

from typing import Final, TypeVar

from psycopg import AsyncConnection
from psycopg.abc import PQGen
from psycopg.rows import TupleRow

# A wait for notifications looks at its timeout so often.
_LOOK_UP_S: Final = 30.0

Result = TypeVar("Result")


class QuietConnection(AsyncConnection[TupleRow]):
    """An AsyncConnection; what arrives still wakes it at once."""

    async def wait(self, gen: PQGen[Result], interval: float = _LOOK_UP_S) -> Result:
        """Waits, at `_LOOK_UP_S` seconds a turn where psycopg asks for less."""
        return await super().wait(gen, interval=max(interval, _LOOK_UP_S))
