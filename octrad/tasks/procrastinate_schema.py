"""Brings Procrastinate's own schema up to the version that is installed, once.

A fresh database gets the whole schema and is noted to have every migration of that version; an older one gets those
that it lacks. A database with migrations that this version does not have belongs to a newer octrad.
"""

from collections.abc import Iterator
from importlib import resources
from typing import Final, LiteralString

from psycopg import AsyncConnection

from octrad.foundation.errors import ConfigurationError

# A number of our own for the advisory lock, so that two daemons that start at once do it once.
_LOCK: Final = 0x0C7_2B


async def apply_procrastinate_schema(dsn: str) -> None:
    """Applies what is missing, in one transaction.

    Raises:
        ConfigurationError: the database was used with a newer Procrastinate.
    """
    async with await AsyncConnection.connect(dsn, autocommit=True) as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS procrastinate_applied (name text PRIMARY KEY, at timestamptz DEFAULT now())"
        )
        known = dict(_migrations())
        cursor = await connection.execute("SELECT name FROM procrastinate_applied")
        applied = {str(row[0]) for row in await cursor.fetchall()}
        _check_not_newer(applied, set(known))
        statements = [known[name] for name in sorted(set(known) - applied)] if applied else [_whole_schema()]
        for statement in statements if applied != set(known) else []:
            await connection.execute(statement)
        for name in set(known) - applied:
            await connection.execute("INSERT INTO procrastinate_applied (name) VALUES (%s)", (name,))


def _check_not_newer(applied: set[str], known: set[str]) -> None:
    if newer := sorted(applied - known):
        raise ConfigurationError(
            f"the database is newer than this octrad: its queue has {newer[0]}, which this version does not know",
            hint="start the newer octrad, or restore a backup that this one wrote",
        )


def _whole_schema() -> LiteralString:
    return _literal((resources.files("procrastinate.sql") / "schema.sql").read_text(encoding="utf-8"))


def _migrations() -> Iterator[tuple[str, LiteralString]]:
    for file in (resources.files("procrastinate.sql") / "migrations").iterdir():
        if file.name.endswith(".sql"):
            yield file.name.removesuffix(".sql"), _literal(file.read_text(encoding="utf-8"))


def _literal(text: str) -> LiteralString:
    # The library's own files, in which no input ever becomes part.
    return text
