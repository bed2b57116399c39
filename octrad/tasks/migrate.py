"""Brings the database up to what this version of octrad expects: the tables of the tasks, and those of the queue."""

from pathlib import Path
from typing import Final

from octrad.foundation.postgres import migrations
from octrad.tasks.procrastinate_schema import apply_procrastinate_schema

MIGRATIONS: Final = Path(__file__).parent / "migrations"
TABLE: Final = "tasks_migrations"


async def migrate(dsn: str) -> list[int]:
    """Applies what is missing and returns the numbers of our migrations that were.

    Raises:
        ConfigurationError: the database is newer than this octrad, or lacks pgvector and we may not create it.
        DatabaseUnavailableError: it does not answer.
    """
    applied = await migrations.migrate(dsn, MIGRATIONS, table=TABLE)
    await apply_procrastinate_schema(dsn)
    return applied


async def count_missing(dsn: str) -> int:
    """How many of our migrations the database lacks; the next start of octrad applies them. Changes nothing.

    Raises:
        ConfigurationError: the database is newer than this octrad, or another's.
        DatabaseUnavailableError: it does not answer.
    """
    return await migrations.count_missing(dsn, MIGRATIONS, table=TABLE)
