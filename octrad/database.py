"""Which database octrad uses: the configured one, or a private PostgreSQL below its state directory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from octrad.foundation.config import Database
from octrad.foundation.errors import ConfigurationError
from octrad.foundation.postgres.embedded import ensure_running
from octrad.tasks.migrate import migrate


@asynccontextmanager
async def migrated_database(config: Database, state_dir: Path) -> AsyncIterator[str]:
    """The DSN of a database of this version. A private one is started for the block and stopped after it.

    Raises:
        ConfigurationError: it cannot be had: no file, no binaries, a newer version, no pgvector.
        UnavailableError: it does not answer.
    """
    dsn = configured_dsn(config)
    if dsn:
        await migrate(dsn)
        yield dsn
        return
    server = await ensure_running(state_dir)
    try:
        await migrate(server.dsn)
        yield server.dsn
    finally:
        await server.stop()


async def migrate_database(state_dir: Path, config: Database) -> None:
    """`octrad migrate`: brings the database to this version and says so."""
    async with migrated_database(config, state_dir):
        print("octrad: the database is at this version")  # noqa: T201 - a command line program


def configured_dsn(config: Database) -> str:
    """The configured DSN; empty when none is.

    Raises:
        ConfigurationError: the file that should hold it cannot be read, or holds nothing.
    """
    if config.dsn_file is None:
        return config.dsn
    try:
        dsn = config.dsn_file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"cannot read `database.dsn_file` {config.dsn_file}: {error.strerror}") from error
    if not dsn:
        raise ConfigurationError(f"`database.dsn_file` {config.dsn_file} is empty")
    return dsn
