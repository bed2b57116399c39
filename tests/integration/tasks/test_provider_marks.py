from dataclasses import replace
from datetime import UTC, datetime, timedelta

from octrad.foundation.postgres.pool import Database
from octrad.tasks.provider_marks import ProviderMark, list_marks, record_mark

LATER = datetime.now(UTC) + timedelta(hours=1)
LIMITED = ProviderMark("a", "", "rate", LATER, "")
UNKNOWN = ProviderMark("a", "a/x", "bad_model", LATER, "f")


async def marks(database: Database) -> list[ProviderMark]:
    return list(await list_marks(database, timeout_s=5))


async def record(database: Database, mark: ProviderMark) -> None:
    await record_mark(database, mark, timeout_s=5)


async def test_newest_mark_of_a_provider_and_of_a_model_counts(database: Database) -> None:
    await record(database, LIMITED)
    await record(database, UNKNOWN)
    refused = replace(LIMITED, outcome="auth", fingerprint="f")
    await record(database, refused)
    assert await marks(database) == [refused, UNKNOWN]


async def test_mark_that_has_ended_takes_the_former_away(database: Database) -> None:
    await record(database, LIMITED)
    await record(database, UNKNOWN)
    await record(database, replace(LIMITED, until=datetime.now(UTC) - timedelta(seconds=1)))
    assert await marks(database) == [UNKNOWN]
