"""Which model providers are not to be asked at the moment, for all machines that share the database."""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import class_row

from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.storable_text import storable_json

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class ProviderMark:
    """Why a provider, or where `model` is not empty only that model, is not asked, and until when.

    `fingerprint` is of the key file and the configuration that it holds for; empty: for any.
    """

    provider: str
    model: str
    outcome: str
    until: datetime
    fingerprint: str


async def list_marks(database: Database, *, timeout_s: float) -> tuple[ProviderMark, ...]:
    """Those that are in effect.

    Raises:
        DatabaseUnavailableError: the database does not answer within `timeout_s`.
    """
    async with (
        database.connection(timeout_s=timeout_s) as connection,
        connection.cursor(row_factory=class_row(ProviderMark)) as cursor,
    ):
        await cursor.execute(_QUERIES["list_marks"])
        return tuple(await cursor.fetchall())


async def record_mark(database: Database, mark: ProviderMark, *, timeout_s: float) -> None:
    """Puts a mark in the place of a former one; one that has ended takes that away.

    Raises:
        DatabaseUnavailableError: the database does not answer within `timeout_s`.
    """

    async def record(connection: AsyncConnection) -> None:
        await connection.execute(_QUERIES["replace_mark"], storable_json(asdict(mark)))
        await connection.execute(_QUERIES["forget_ended_marks"])

    await database.run(record, patience_s=timeout_s)
