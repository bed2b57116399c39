"""Pruning as a whole: rows, roots and a real garbage collection, and whatever may come in between."""

from pathlib import Path

import pytest

from octrad.foundation.once.connection import ServantConnection
from octrad.retention.prune_snapshots import NoRetentionError
from octrad.runner.client import RunnerClient
from octrad.runner.operations import SnapshotSource
from octrad.tasks.prune_snapshots import PruneOrder, prune_snapshots
from octrad.tasks.snapshots import SnapshotPrunedError, find_snapshot
from tests.integration.retention.conftest import Shelf
from tests.integration.tasks.steps import MACHINE


async def test_disk_of_what_was_pruned_comes_back_and_what_is_kept_stays(shelf: Shelf) -> None:
    old = await shelf.put(project="p", days=60)
    middle = await shelf.put(project="p", days=20)
    newest = await shelf.put(project="p")
    (would,) = await shelf.pruner().preview(None)
    assert (would.snapshot.id, would.snapshot.pruned_at, would.rooted) == (old.id, None, True)
    (pruned,) = await shelf.pruner().prune(None)
    assert (pruned.snapshot.id, pruned.rooted) == (old.id, False)
    await shelf.collect_garbage()
    assert [await shelf.has(snapshot) for snapshot in (old, middle, newest)] == [False, True, True]
    for kept in (middle, newest):
        await shelf.runner.verify_snapshot(kept.store_path, kept.nar_hash)
    with pytest.raises(SnapshotPrunedError):
        await find_snapshot(shelf.database, old.id)
    assert await shelf.pruner().prune(None) == ()
    assert list((shelf.state_dir / "runner" / "spool").glob("prune*")) == []


async def test_a_path_that_another_snapshot_names_keeps_its_root_until_that_goes_too(shelf: Shelf) -> None:
    old = await shelf.put(project="p", days=60)
    same = await shelf.put(project="other", days=50, commit_of=old)
    await shelf.put(project="p")
    await shelf.put(project="other")
    (first,) = await shelf.pruner().prune(40, "p")
    assert (first.snapshot.id, first.rooted) == (old.id, True)
    await shelf.collect_garbage()
    assert await shelf.has(same)
    (second,) = await shelf.pruner().prune(40)
    assert (second.snapshot.id, second.rooted) == (same.id, False)
    await shelf.collect_garbage()
    assert not await shelf.has(same)


async def test_a_crash_before_the_root_went_is_finished_by_the_next_sweep(shelf: Shelf) -> None:
    old = await shelf.put(project="p", days=60)
    await shelf.put(project="p")
    # As far as an octrad came that was killed between the two.
    assert len(await prune_snapshots(shelf.database, PruneOrder(MACHINE, 30))) == 1
    await shelf.collect_garbage()
    assert await shelf.has(old), "pruned, and still rooted"
    await shelf.pruner(days=None).let_go()
    await shelf.collect_garbage()
    assert not await shelf.has(old)


async def test_a_crash_after_the_root_went_is_finished_too(shelf: Shelf) -> None:
    old = await shelf.put(project="p", days=60)
    await shelf.put(project="p")
    await prune_snapshots(shelf.database, PruneOrder(MACHINE, 30))
    # The runner has done it, and nobody wrote that down or acknowledged it.
    assert await shelf.runner.unroot_snapshot(f"prune/{Path(old.store_path).name}/#1", old.store_path, old.commit)
    await shelf.pruner(days=None).let_go()
    async with shelf.database.connection() as connection:
        row = await (await connection.execute("SELECT rooted FROM snapshots WHERE id = %s", (old.id,))).fetchone()
    assert row == (False,)
    assert list((shelf.state_dir / "runner" / "spool").glob("prune*")) == []


async def test_a_snapshot_that_a_task_took_again_meanwhile_is_not_lost(shelf: Shelf) -> None:
    old = await shelf.put(project="p", days=60)
    await shelf.put(project="p")
    # Another task ends at the same commit: the runner has told it so, and nothing is recorded yet.
    await shelf.runner.create_tree("b2/prepare/#1", "b2", SnapshotSource(old.store_path))
    taken = await shelf.runner.take_snapshot("b2/snapshot/#1", "b2", old.commit)
    assert (taken.store_path, taken.unchanged) == (old.store_path, True)
    (pruned,) = await shelf.pruner().prune(None)
    assert pruned.rooted
    await shelf.collect_garbage()
    assert await shelf.has(old)
    for step in ("prepare", "snapshot"):
        await shelf.runner.acknowledge(f"b2/{step}/#1")


async def test_a_runner_that_is_away_only_puts_the_roots_off(shelf: Shelf, tmp_path: Path) -> None:
    old = await shelf.put(project="p", days=60)
    await shelf.put(project="p")
    nobody = ServantConnection("runner", tmp_path, command=("/bin/false",), start_timeout_s=1)
    (pruned,) = await shelf.pruner(runner=RunnerClient(nobody)).prune(None)
    await nobody.close()
    assert (pruned.snapshot.id, pruned.rooted) == (old.id, True)
    assert await shelf.has(old)
    await shelf.pruner().let_go()
    await shelf.collect_garbage()
    assert not await shelf.has(old)


async def test_without_a_retention_nothing_is_pruned_and_the_error_names_both_ways(shelf: Shelf) -> None:
    with pytest.raises(NoRetentionError) as caught:
        await shelf.pruner(days=None).prune(None)
    assert "--older-than DAYS" in caught.value.hint
    assert "`snapshots.retention_days`" in caught.value.hint
