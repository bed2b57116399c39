"""A real PostgreSQL for the session, and a fresh, migrated database of it for every test."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from octrad.foundation.end_tasks import end_tasks
from octrad.foundation.postgres.embedded import ensure_running
from octrad.foundation.postgres.pool import Database
from octrad.tasks.event_log import EventLog
from octrad.tasks.migrate import migrate
from octrad.tasks.wakeups import Wakeups

_TEMPLATE = "octra_template"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The DSN of a server with a migrated template."""
    state_dir: Path = tmp_path_factory.mktemp("postgres")
    postgres = asyncio.run(ensure_running(state_dir))
    try:
        with psycopg.connect(postgres.dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_TEMPLATE)))
        asyncio.run(migrate(make_conninfo(postgres.dsn, dbname=_TEMPLATE)))
        yield postgres.dsn
    finally:
        asyncio.run(postgres.stop())


@pytest.fixture
def dsn(server: str) -> Iterator[str]:
    """The DSN of a fresh, migrated database."""
    name = f"test_{secrets.token_hex(6)}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(_TEMPLATE))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(create)
    yield make_conninfo(server, dbname=name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    opened = Database(dsn)
    await opened.open()
    yield opened
    await opened.close()


@asynccontextmanager
async def running_wakeups(dsn: str) -> AsyncIterator[Wakeups]:
    wakeups = Wakeups(dsn)
    listening = asyncio.create_task(wakeups.run())
    try:
        await wakeups.listening(10)
        yield wakeups
    finally:
        await end_tasks(listening)


@pytest.fixture
async def wakeups(dsn: str) -> AsyncIterator[Wakeups]:
    async with running_wakeups(dsn) as running:
        yield running


@pytest.fixture
def log(database: Database, wakeups: Wakeups) -> EventLog:
    return EventLog(database, wakeups)
