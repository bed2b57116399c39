"""Roots in a directory that an administrator chose: snapshots are held there, and let go of there and elsewhere."""

import os
from pathlib import Path

from octrad.foundation.once.connection import ServantConnection
from octrad.foundation.postgres.pool import Database
from tests.daemon import remove_tree
from tests.integration.retention.conftest import CONFIG, make_shelf


async def test_snapshots_from_before_and_after_the_change_are_held_and_pruned(
    database: Database, tmp_path: Path
) -> None:
    state_dir, config = tmp_path / "s", tmp_path / "octrad.toml"
    config.write_text(CONFIG, encoding="utf-8")
    runner = ServantConnection("runner", state_dir, config)
    before = make_shelf(database, runner, state_dir)
    old = await before.put(project="p", days=60)
    roots = before.store.state_dir / "gcroots" / "octra"
    config.write_text(f'{CONFIG}[snapshots]\nroots_dir = "{roots}"\n', encoding="utf-8")
    assert await runner.stop(timeout_s=20)
    runner = ServantConnection("runner", state_dir, config)
    try:
        after = make_shelf(database, runner, state_dir, roots)
        newer, newest = await after.put(project="p", days=50), await after.put(project="p")
        assert sorted(name for name in os.listdir(roots) if "." not in name) == sorted([newer.commit, newest.commit])  # noqa: PTH208 - names alone
        await after.collect_garbage()
        assert [await after.has(snapshot) for snapshot in (old, newer, newest)] == [True, True, True]
        pruned = await after.pruner().prune(None)
        assert [(part.snapshot.id, part.rooted) for part in pruned] == [(old.id, False), (newer.id, False)]
        await after.collect_garbage()
        assert [await after.has(snapshot) for snapshot in (old, newer, newest)] == [False, False, True]
    finally:
        assert await runner.stop(timeout_s=20)
        remove_tree(state_dir)
