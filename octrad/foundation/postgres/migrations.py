"""Forward-only migrations: numbered `.sql` files, each applied once, in order, in a transaction of its own.

A file that was applied is never changed: its digest is recorded, and another one is refused. There is no way back:
a database that is newer than the files belongs to a newer octrad.
"""

import hashlib
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from psycopg import AsyncConnection, errors, sql
from psycopg.rows import TupleRow

from octrad.foundation.errors import ConfigurationError, OctraError
from octrad.foundation.postgres.errors import DatabaseUnavailableError
from octrad.foundation.postgres.pool import check_reachable

logger = logging.getLogger(__name__)

DEFAULT_TABLE = "schema_migrations"
_FILE = re.compile(r"(?P<number>\d{4})_(?P<name>[a-z0-9_]+)\.sql")
# Any number that nobody else uses for an advisory lock on this database.
_LOCK = 0x0C7_2A
LOCK_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Migration:
    """One file."""

    number: int
    name: str
    text: str

    @property
    def digest(self) -> str:
        """Of its text, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


async def migrate(dsn: str, directory: Path, *, table: str = DEFAULT_TABLE) -> list[int]:
    """Brings the database up to the newest file and returns the numbers applied now.

    Args:
        dsn: of the database; its role owns what the files make.
        directory: holds `0001_name.sql`, `0002_…`.
        table: where it is recorded; one for each directory.

    Raises:
        ConfigurationError: the database is newer than the files, or a file was changed after it was applied.
        DatabaseUnavailableError: it does not answer.
    """
    migrations = read_migrations(directory)
    await check_reachable(dsn)
    async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
        await _lock(connection)
        await connection.execute(
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {} (number integer PRIMARY KEY, name text NOT NULL, digest text NOT NULL,"
                " applied_at timestamptz NOT NULL DEFAULT now())"
            ).format(sql.Identifier(table))
        )
        applied = await _applied(connection, table)
        _compare(migrations, applied)
        pending = [migration for migration in migrations if migration.number not in applied]
        for migration in pending:
            await _apply(connection, migration, table)
    return [migration.number for migration in pending]


async def count_missing(dsn: str, directory: Path, *, table: str = DEFAULT_TABLE) -> int:
    """How many of the files the database has not seen. Changes nothing.

    Raises:
        ConfigurationError: it is newer than the files, or another's.
        DatabaseUnavailableError: it does not answer.
    """
    migrations = read_migrations(directory)
    await check_reachable(dsn)
    async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
        cursor = await connection.execute("SELECT to_regclass(%s) IS NOT NULL", (f'"{table}"',))
        row = await cursor.fetchone()
        applied = await _applied(connection, table) if row is not None and row[0] else {}
    _compare(migrations, applied)
    return len(migrations) - len(applied)


def read_migrations(directory: Path) -> Sequence[Migration]:
    """The files of a directory, in order.

    Raises:
        OctraError: a number is missing, twice, or a file is misnamed: a bug of ours.
    """
    found: list[Migration] = []
    for path in sorted(directory.glob("*.sql")):
        match = _FILE.fullmatch(path.name)
        if match is None:
            raise OctraError(f"{path} is not named like `0001_what_it_does.sql`")
        found.append(Migration(int(match["number"]), match["name"], path.read_text(encoding="utf-8")))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise OctraError(f"the migrations of {directory} are not numbered 1, 2, 3 …")
    return found


async def _lock(connection: AsyncConnection[TupleRow]) -> None:
    # Of the session, so that it spans the transactions; the server lets go of it when the connection ends.
    await connection.execute("SELECT set_config('lock_timeout', %s, false)", (f"{LOCK_TIMEOUT_S}s",))
    try:
        await connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    except errors.LockNotAvailable as error:
        raise DatabaseUnavailableError("another octrad is migrating the database and does not end") from error
    await connection.execute("RESET lock_timeout")


async def _apply(connection: AsyncConnection[TupleRow], migration: Migration, table: str) -> None:
    async with connection.transaction():
        await connection.execute(migration.text)
        await connection.execute(
            sql.SQL("INSERT INTO {} (number, name, digest) VALUES (%s, %s, %s)").format(sql.Identifier(table)),
            (migration.number, migration.name, migration.digest),
        )
    logger.info("applied the migration %04d_%s", migration.number, migration.name)


async def _applied(connection: AsyncConnection[TupleRow], table: str) -> dict[int, tuple[str, str]]:
    cursor = await connection.execute(
        sql.SQL("SELECT number, name, digest FROM {} ORDER BY number").format(sql.Identifier(table))
    )
    return {number: (name, digest) for number, name, digest in await cursor.fetchall()}


def _compare(migrations: Sequence[Migration], applied: dict[int, tuple[str, str]]) -> None:
    newest = len(migrations)
    if applied and max(applied) > newest:
        raise ConfigurationError(
            f"the database is newer than this octrad: it has migration {max(applied)}, we know {newest}",
            hint="start the newer octrad, or restore a backup that this one wrote",
        )
    for migration in migrations:
        name, digest = applied.get(migration.number, (migration.name, migration.digest))
        if digest != migration.digest:
            raise ConfigurationError(
                f"the database was migrated by another octrad: its {migration.number:04d}_{name} is not ours",
                hint="migrations never change; restore the files of the octrad that wrote the database",
            )
