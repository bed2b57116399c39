import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from octrad.foundation.errors import ConfigurationError
from octrad.foundation.postgres.embedded import EmbeddedPostgres, ensure_running
from octrad.foundation.postgres.errors import DatabaseUnavailableError
from octrad.foundation.postgres.migrations import count_missing, migrate
from octrad.foundation.postgres.pool import Connection, Database, check_reachable, with_retry


@pytest.fixture
async def dsn(postgres: EmbeddedPostgres) -> str:
    """A database of its own."""
    name = f"test_{uuid.uuid4().hex}"
    async with await psycopg.AsyncConnection.connect(postgres.dsn, autocommit=True) as connection:
        await connection.execute(f"CREATE DATABASE {name}")
    return make_conninfo(postgres.dsn, dbname=name)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    opened = Database(dsn)
    await opened.open()
    yield opened
    await opened.close()


async def select(connection: Connection, query: str) -> list[tuple[object, ...]]:
    return await (await connection.execute(query)).fetchall()


def files(directory: Path, *texts: str) -> Path:
    directory.mkdir(exist_ok=True)
    for number, text in enumerate(texts, 1):
        (directory / f"{number:04d}_step.sql").write_text(text)
    return directory


THREE = (
    "CREATE TABLE a (x int); INSERT INTO a VALUES (1);",
    "ALTER TABLE a ADD y int; UPDATE a SET y = x * 2 WHERE x % 2 = 1;",
    "CREATE EXTENSION IF NOT EXISTS vector; ALTER TABLE a ADD v vector(3);",
)


async def test_migrations_are_applied_once_in_order(dsn: str, tmp_path: Path, database: Database) -> None:
    directory = files(tmp_path / "m", *THREE[:2])
    assert await migrate(dsn, directory) == [1, 2]
    assert await migrate(dsn, directory) == []
    files(tmp_path / "m", *THREE)
    assert await count_missing(dsn, directory) == 1
    assert await migrate(dsn, directory) == [3]
    assert await count_missing(dsn, directory) == 0
    assert await database.run(lambda c: select(c, "SELECT x, y, v FROM a")) == [(1, 2, None)]


async def test_many_daemons_migrate_at_once_and_each_file_is_applied_once(dsn: str, tmp_path: Path) -> None:
    directory = files(tmp_path / "m", *THREE)
    applied = await asyncio.gather(*(migrate(dsn, directory) for _ in range(5)))
    assert sorted(number for numbers in applied for number in numbers) == [1, 2, 3]


async def test_failed_migration_leaves_nothing_of_itself(dsn: str, tmp_path: Path, database: Database) -> None:
    directory = files(tmp_path / "m", THREE[0], "CREATE TABLE b (x int); SELECT 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        await migrate(dsn, directory)
    assert await database.run(lambda c: select(c, "SELECT to_regclass('a') IS NULL, to_regclass('b') IS NULL")) == [
        (False, True)
    ]
    files(directory, THREE[0], "CREATE TABLE b (x int)")
    assert await migrate(dsn, directory) == [2]


async def test_newer_database_is_refused(dsn: str, tmp_path: Path) -> None:
    await migrate(dsn, files(tmp_path / "new", *THREE))
    old = files(tmp_path / "old", *THREE[:2])
    for refused in (migrate, count_missing):
        with pytest.raises(ConfigurationError, match="newer than this octrad: it has migration 3, we know 2"):
            await refused(dsn, old)


async def test_changed_migration_is_refused(dsn: str, tmp_path: Path) -> None:
    await migrate(dsn, files(tmp_path / "m", *THREE[:2]))
    with pytest.raises(ConfigurationError, match="0002_step is not ours"):
        await migrate(dsn, files(tmp_path / "m", THREE[0], "SELECT 1"))


async def test_two_directories_have_a_table_each(dsn: str, tmp_path: Path) -> None:
    assert await migrate(dsn, files(tmp_path / "a", "CREATE TABLE a ()")) == [1]
    assert await migrate(dsn, files(tmp_path / "b", "CREATE TABLE b ()"), table="knowledge_migrations") == [1]


async def test_empty_database_has_seen_no_migration(dsn: str, tmp_path: Path) -> None:
    assert await count_missing(dsn, files(tmp_path / "m", *THREE)) == 3


async def test_transaction_is_whole_or_not_at_all(database: Database) -> None:
    async def half(connection: Connection) -> None:
        await connection.execute("CREATE TABLE t (x int)")
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        await database.run(half)
    assert await database.run(lambda c: select(c, "SELECT to_regclass('t') IS NULL")) == [(True,)]


async def test_terminated_connection_is_outlived(database: Database, dsn: str) -> None:
    attempts = 0

    async def work(connection: Connection) -> int:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as other:
                await other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        await connection.execute("SELECT 1")
        return attempts

    assert await database.run(work) == 2


async def test_deadlocked_transactions_are_made_again(database: Database) -> None:
    async def make(connection: Connection) -> None:
        await connection.execute("CREATE TABLE t (id int PRIMARY KEY, n int)")
        await connection.execute("INSERT INTO t VALUES (1, 0), (2, 0)")

    await database.run(make)
    barrier = asyncio.Barrier(2)

    def crossing(first: int, second: int):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a closure
        tries = 0

        async def work(connection: Connection) -> None:
            nonlocal tries
            tries += 1
            await connection.execute("UPDATE t SET n = n + 1 WHERE id = %s", (first,))
            if tries == 1:
                await barrier.wait()
            await connection.execute("UPDATE t SET n = n + 1 WHERE id = %s", (second,))

        return work

    await asyncio.gather(database.run(crossing(1, 2)), database.run(crossing(2, 1)))
    assert await database.run(lambda c: select(c, "SELECT n FROM t ORDER BY id")) == [(2,), (2,)]


async def test_error_of_ours_in_sql_is_not_repeated(database: Database) -> None:
    attempts = 0

    async def work(connection: Connection) -> None:
        nonlocal attempts
        attempts += 1
        await connection.execute("SELECT * FROM nowhere")

    with pytest.raises(psycopg.errors.UndefinedTable):
        await database.run(work)
    assert attempts == 1


async def test_outage_of_the_server_is_outlived(tmp_path: Path, initialised_state: Path) -> None:
    await asyncio.to_thread(shutil.copytree, initialised_state, tmp_path, dirs_exist_ok=True)
    server = await ensure_running(tmp_path)
    database = Database(server.dsn)
    await database.open()
    await server.stop()
    with pytest.raises(DatabaseUnavailableError):
        await database.run(lambda c: select(c, "SELECT 1"), patience_s=0.2)
    waiting = asyncio.create_task(database.run(lambda c: select(c, "SELECT 42"), patience_s=30))
    await ensure_running(tmp_path)
    assert await waiting == [(42,)]
    await database.close()
    await server.stop()


async def test_unreachable_database_is_waited_for_no_longer_than_asked(tmp_path: Path) -> None:
    nowhere = make_conninfo(host=str(tmp_path), dbname="x")
    with pytest.raises(DatabaseUnavailableError, match="does not answer"):
        await check_reachable(nowhere, timeout_s=0.3)


async def test_wrong_database_is_said_at_once(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(ConfigurationError, match='database "nowhere" does not exist'):
        await Database(make_conninfo(postgres.dsn, dbname="nowhere")).open()
    with pytest.raises(ConfigurationError, match="refuses"):
        await check_reachable("not a dsn")


async def test_retry_passes_on_what_is_not_an_outage() -> None:
    async def work() -> None:
        raise psycopg.errors.UniqueViolation("twice")

    with pytest.raises(psycopg.errors.UniqueViolation):
        await with_retry(work)
