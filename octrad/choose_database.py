"""Which database octrad uses: the configured one, or a private PostgreSQL below its state directory."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from octrad.foundation.config import Database
from octrad.foundation.end_tasks import end_tasks
from octrad.foundation.errors import ConfigurationError, OctraError
from octrad.foundation.postgres.embedded import EmbeddedPostgres, ensure_running
from octrad.tasks.migrate import migrate

logger = logging.getLogger(__name__)

_PAUSE_S = 2.0


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
        async with _kept_running(server, state_dir):
            yield server.dsn
    finally:
        await server.stop()


@asynccontextmanager
async def _kept_running(server: EmbeddedPostgres, state_dir: Path) -> AsyncIterator[None]:
    keeping = asyncio.create_task(_keep_running(server, state_dir), name="private PostgreSQL")
    try:
        yield
    finally:
        await end_tasks(keeping)


async def _keep_running(server: EmbeddedPostgres, state_dir: Path) -> None:
    """Starts the private PostgreSQL again when it ended by itself: nobody else watches over it."""
    while True:
        await server.ended()
        logger.error("the private PostgreSQL is gone; starting it again")
        try:
            await ensure_running(state_dir)
        except OctraError as error:
            logger.error("cannot start the private PostgreSQL again: %s", error.message)  # noqa: TRY400 - no traceback needed
            await asyncio.sleep(_PAUSE_S)


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
