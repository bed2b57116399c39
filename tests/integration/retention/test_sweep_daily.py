"""The daily sweep: what is old goes by the configuration in effect, and one part that fails keeps no other from it."""

import asyncio
from pathlib import Path

import pytest

from octrad.foundation.end_tasks import end_tasks
from octrad.foundation.settings import Settings
from octrad.retention import sweep_daily
from octrad.retention.prune_snapshots import SnapshotPruner
from octrad.retention.sweep_daily import DailySweep
from octrad.tasks.audit import AuditQuery, NewAuditEvent, Outcome, add_audit_event, list_audit_events
from octrad.tasks.snapshots import when_pruned
from tests.integration.retention.conftest import Shelf
from tests.integration.tasks.steps import MACHINE


async def remember(shelf: Shelf, method: str, *, days: int) -> None:
    """A row of the audit log that is so many days old."""
    await add_audit_event(shelf.database, NewAuditEvent(1000, "anna", method, "", "", Outcome.ALLOWED))
    async with shelf.database.connection() as connection:
        await connection.execute(
            "UPDATE audit_events SET at = at - make_interval(days => %s) WHERE method = %s", (days, method)
        )


async def remembered(shelf: Shelf) -> list[str]:
    return [event.method for event in (await list_audit_events(shelf.database, AuditQuery())).events]


async def test_sweep_goes_by_what_is_configured_when_it_begins(shelf: Shelf, tmp_path: Path) -> None:
    config = tmp_path / "octrad.toml"
    config.write_text("", encoding="utf-8")
    settings = Settings.load(config)
    sweep = DailySweep(shelf.database, SnapshotPruner(shelf.database, shelf.runner, MACHINE, settings), settings)
    old = await shelf.put(project="p", days=60)
    await shelf.put(project="p")
    for method, days in (("ancient", 400), ("old", 40), ("new", 0)):
        await remember(shelf, method, days=days)
    assert await sweep.sweep()
    assert await when_pruned(shelf.database, old.id) is None
    assert await remembered(shelf) == ["new", "old"]
    config.write_text("[snapshots]\nretention_days = 30\n[limits]\naudit_retention_days = 30\n", encoding="utf-8")
    settings.reload()
    assert await sweep.sweep()
    assert await when_pruned(shelf.database, old.id) is not None
    assert await remembered(shelf) == ["new"]
    await shelf.collect_garbage()
    assert not await shelf.has(old)


async def test_it_sweeps_by_itself_soon_after_the_start(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_daily, "FIRST_AFTER_S", 0.0)
    settings = Settings.load(None)
    swept = asyncio.Event()

    class Sweep(DailySweep):
        async def sweep(self) -> bool:
            done = await super().sweep()
            swept.set()
            return done

    sweep = Sweep(shelf.database, SnapshotPruner(shelf.database, shelf.runner, MACHINE, settings), settings)
    await remember(shelf, "ancient", days=400)
    running = asyncio.create_task(sweep.run())
    async with asyncio.timeout(20):
        await swept.wait()
    assert await remembered(shelf) == []
    assert not running.done()
    await end_tasks(running)


async def test_a_sweep_that_fails_is_tried_again_sooner_and_ends_nothing(shelf: Shelf) -> None:
    settings = Settings.load(None)
    sweep = DailySweep(shelf.database, SnapshotPruner(shelf.database, shelf.runner, MACHINE, settings), settings)
    await remember(shelf, "ancient", days=400)
    async with shelf.database.connection() as connection:
        await connection.execute("ALTER TABLE snapshots RENAME TO elsewhere")
    assert not await sweep.sweep()
    assert await remembered(shelf) == []
