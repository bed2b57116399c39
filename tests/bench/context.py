"""What telling a question its context costs, in a project that has heard a hundred thousand things."""

import asyncio
import statistics
from collections.abc import Iterator
from pathlib import Path

from octrad.foundation.postgres.embedded import ensure_running
from octrad.foundation.postgres.pool import Database
from octrad.pipeline.questions.context_for_prompt import for_prompt
from octrad.tasks.context.read_entries import entries_at
from octrad.tasks.migrate import migrate
from tests.bench.figures import Figure
from tests.bench.timing import await_ms
from tests.fill_context import A_TEAM, REVISION, fill_context

REPEATS = 50
TOPIC = "An endpoint that lists the orders of a customer with their prices, oldest first, and its tests"


def measure(scratch: Path) -> Iterator[Figure]:
    state_dir = scratch / "context"
    state_dir.mkdir()
    milliseconds = asyncio.run(in_a_database_of_its_own(state_dir))
    yield Figure("context of a question, of 100,000 entries", milliseconds, "ms", "absolute", 20)


async def in_a_database_of_its_own(state_dir: Path) -> float:
    server = await ensure_running(state_dir)
    try:
        await migrate(server.dsn)
        database = Database(server.dsn)
        await database.open()
        try:
            async with database.connection() as connection:
                await connection.execute("INSERT INTO projects (name) VALUES ('shop')")
                await fill_context(connection, "shop")
            times = [await await_ms(tell(database)) for _ in range(1 + REPEATS)]
        finally:
            await database.close()
    finally:
        await server.stop()
    return statistics.median(times[1:])  # the first opens files


async def tell(database: Database) -> str:
    """Nothing comes from the cache here."""
    everybodys = await entries_at(database, "shop", ("",), REVISION)
    return for_prompt([*everybodys, *await entries_at(database, "shop", (A_TEAM,), REVISION)], TOPIC)
