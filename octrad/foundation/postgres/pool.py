"""The connections to PostgreSQL, and how its outages are outlived.

An outage must not fail a task: what is safe to repeat is repeated with growing pauses. Connections are in autocommit,
so that every write stands in an explicit `async with connection.transaction():`.
"""

import asyncio
import logging
import select
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar
from weakref import WeakKeyDictionary

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from octrad.foundation.errors import ConfigurationError
from octrad.foundation.postgres.errors import DatabaseUnavailableError, is_conflict, is_outage
from octrad.foundation.postgres.quiet_connection import QuietConnection

logger = logging.getLogger(__name__)

T = TypeVar("T")
Connection = AsyncConnection[TupleRow]

DEFAULT_PATIENCE_S = 300.0
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 2.0
_CHECKOUT_TIMEOUT_S = 5.0
# The pool's own attempts grow slow during an outage; ended early, each request of ours begins quick ones again.
_RECONNECT_TIMEOUT_S = 2.0
_CONNECT_TIMEOUT_S = 10
_LOOK_AGAIN_AFTER_S = 1.0


class Database:
    """A pool of connections to one database.

    Args:
        dsn: how to connect, in libpq's words.
        min_size: connections that are kept open.
        max_size: connections at most.
    """

    def __init__(self, dsn: str, *, min_size: int = 1, max_size: int = 8) -> None:
        self.dsn = dsn
        self._pool = open_pool(dsn, min_size=min_size, max_size=max_size)

    @property
    def pool(self) -> AsyncConnectionPool[Connection]:
        """The pool itself, for libraries that want one."""
        return self._pool

    async def open(self, *, timeout_s: float = 30.0) -> None:
        """Connects.

        Raises:
            ConfigurationError: the database refuses us.
            DatabaseUnavailableError: it does not answer within `timeout_s`.
        """
        await check_reachable(self.dsn, timeout_s=timeout_s)
        try:
            await self._pool.open(wait=True, timeout=timeout_s)
        except PoolTimeout as error:
            raise DatabaseUnavailableError(f"PostgreSQL does not answer: {error}") from error

    async def close(self) -> None:
        """Closes every connection."""
        await self._pool.close(timeout=5.0)

    @asynccontextmanager
    async def connection(self, *, timeout_s: float = _CHECKOUT_TIMEOUT_S) -> AsyncIterator[Connection]:
        """A connection of the pool, within `timeout_s`.

        Raises:
            DatabaseUnavailableError: an outage, when connecting or within the block.
        """
        try:
            async with self._pool.connection(timeout=timeout_s) as connection:
                yield connection
        except (psycopg.Error, PoolTimeout) as error:
            if is_outage(error):
                raise DatabaseUnavailableError(f"PostgreSQL does not answer: {error}") from error
            raise

    async def run(self, work: Callable[[Connection], Awaitable[T]], *, patience_s: float = DEFAULT_PATIENCE_S) -> T:
        """Runs a whole transaction, again when an outage or another transaction broke it.

        Whether a transaction was committed is not known when the connection breaks at its end: `work` must bear
        being run again after it took effect.

        Raises:
            DatabaseUnavailableError: the outage outlasted `patience_s`.
        """

        async def attempt() -> T:
            timeout_s = min(patience_s, _CHECKOUT_TIMEOUT_S)
            async with self.connection(timeout_s=timeout_s) as connection, connection.transaction():
                return await work(connection)

        return await with_retry(attempt, patience_s=patience_s)

    async def read(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Runs one statement that only reads: again after an outage, like `run`, but in no transaction of its own.

        Raises:
            DatabaseUnavailableError: the outage outlasted `DEFAULT_PATIENCE_S`.
        """

        async def attempt() -> T:
            async with self.connection() as connection:
                return await work(connection)

        return await with_retry(attempt)


def open_pool(dsn: str, *, min_size: int = 1, max_size: int = 8) -> AsyncConnectionPool[Connection]:
    """A pool that is not open yet: `await pool.open()` or `async with pool`."""
    return AsyncConnectionPool(
        dsn,
        connection_class=QuietConnection,
        min_size=min_size,
        max_size=max_size,
        open=False,
        timeout=_CHECKOUT_TIMEOUT_S,
        check=_Look(),
        # Not among the arguments of connect(): Procrastinate takes those and adds an autocommit of its own.
        configure=_commit_by_itself,
        kwargs={"connect_timeout": _CONNECT_TIMEOUT_S, "application_name": "octrad"},
        reconnect_timeout=_RECONNECT_TIMEOUT_S,
        name="octrad",
    )


class _Look:
    """Looks at a connection before it is given out, so that one that died with the server is replaced, not handed over.

    One of which nothing was heard is not asked, because that costs a round trip, if it served a moment ago or leads to
    this machine, whose kernel says at once when a server ends. If it dies just then, its user finds out, as in the
    middle of any statement.
    """

    def __init__(self) -> None:
        self._looked_at: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()

    async def __call__(self, connection: Connection) -> None:
        now = time.monotonic()
        looked_at = self._looked_at.get(connection, -_LOOK_AGAIN_AFTER_S)
        is_due = now - looked_at >= _LOOK_AGAIN_AFTER_S and not _leads_to_this_machine(connection)
        if is_due or _has_said_something(connection):
            await AsyncConnectionPool.check_connection(connection)
            self._looked_at[connection] = now


def _leads_to_this_machine(connection: Connection) -> bool:
    """Whether it is a Unix socket: libpq says the directory that it lies in, or an abstract name."""
    return connection.info.host.startswith(("/", "@"))


def _has_said_something(connection: Connection) -> bool:
    """Whether there is something to read: on a connection that nobody uses it is the server's farewell."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


async def _commit_by_itself(connection: Connection) -> None:
    await connection.set_autocommit(True)


async def check_reachable(dsn: str, *, timeout_s: float = 30.0) -> None:
    """Connects once, so that a wrong DSN is said in words and at once.

    Raises:
        ConfigurationError: the database refuses us, or the DSN is none.
        DatabaseUnavailableError: it does not answer within `timeout_s`.
    """

    async def attempt() -> None:
        async with await AsyncConnection.connect(dsn, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S):
            pass

    try:
        await with_retry(attempt, patience_s=timeout_s)
    except psycopg.Error as error:
        raise ConfigurationError(
            f"the database refuses octrad: {str(error).strip()}", hint="see `database` in the configuration"
        ) from error


async def with_retry(work: Callable[[], Awaitable[T]], *, patience_s: float = DEFAULT_PATIENCE_S) -> T:
    """Repeats what is safe to repeat over an outage of the database.

    Raises:
        DatabaseUnavailableError: the outage outlasted `patience_s`.
    """
    deadline = time.monotonic() + patience_s
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            return await work()
        except (psycopg.Error, PoolTimeout, DatabaseUnavailableError) as error:
            is_known_outage = isinstance(error, DatabaseUnavailableError) or is_outage(error)
            if not (is_known_outage or is_conflict(error)):
                raise
            if time.monotonic() + pause_s > deadline:
                raise DatabaseUnavailableError(f"PostgreSQL does not answer: {str(error).strip()}") from error
            if is_known_outage:
                logger.warning("PostgreSQL does not answer; trying again in %.2f s", pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
