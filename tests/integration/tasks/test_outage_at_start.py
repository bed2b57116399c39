"""The queue looks while its database is away: it waits. A server of its own, because it is stopped."""

import asyncio
from pathlib import Path

from octrad.foundation.postgres.embedded import ensure_running
from octrad.foundation.postgres.pool import Database
from octrad.tasks.migrate import migrate
from octrad.tasks.ownership import Hands, fetched_tasks, reclaim_tasks

# Longer than the pool itself waits for a connection.
AWAY_S = 5.5


async def test_a_look_at_the_queue_outlives_an_outage(tmp_path: Path) -> None:
    server = await ensure_running(tmp_path)
    await migrate(server.dsn)
    database = Database(server.dsn)
    await database.open()
    await server.stop()
    looking = asyncio.gather(reclaim_tasks(database, Hands("here")), fetched_tasks(database, "here"))
    assert not (await asyncio.wait({looking}, timeout=AWAY_S))[0]
    await ensure_running(tmp_path)
    reclaimed, fetched = await looking
    assert (reclaimed, fetched) == (0, frozenset())
    await database.close()
    await server.stop()
