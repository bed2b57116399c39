"""A snapshot that is let go of leaves the store at the next garbage collection, and no other one does."""

import os
from pathlib import Path

import pytest

from octrad.foundation.errors import InvalidRequestError
from octrad.foundation.process import run
from octrad.runner.server.nix.nix_command import is_valid
from octrad.runner.server.nix.read_snapshot import verify_snapshot
from octrad.runner.server.nix.store import NixStore
from octrad.runner.server.nix.take_snapshot import take_snapshot
from octrad.runner.server.nix.unroot_snapshot import unroot_snapshot
from octrad.runner.server.trees.task_tree import TaskTree
from tests.integration.runner_nix.conftest import write_and_commit

HOUR_S = 3600.0


@pytest.fixture
def roots(runner_dir: Path) -> Path:
    return runner_dir / "snapshots"


def age(roots: Path, commit: str, seconds: float) -> None:
    """Makes it so long ago that a snapshot was asked for."""
    record = roots / f"{commit}.json"
    then = record.stat().st_mtime - seconds
    os.utime(record, (then, then))


def names(directory: Path) -> list[str]:
    return sorted(os.listdir(directory))  # noqa: PTH208 - names alone


async def test_garbage_collection_takes_what_was_let_go_of_and_nothing_else(
    tree: TaskTree, first: str, store: NixStore, roots: Path
) -> None:
    kept = await take_snapshot(tree, first, store, roots)
    commit = (await write_and_commit(tree, first, {"a": "1"})).commit
    gone = await take_snapshot(tree, commit, store, roots)
    age(roots, commit, 2 * HOUR_S)
    for _ in range(2):  # the second finds nothing to do
        assert await unroot_snapshot(gone.store_path, commit, [roots], promised_s=HOUR_S)
    assert await is_valid(store, gone.store_path), "only the root goes at once"
    await run(["nix-store", "--gc"], env=store.environment)
    assert not await is_valid(store, gone.store_path)
    await verify_snapshot(store, kept.store_path, kept.nar_hash)
    assert names(roots) == [first, f"{first}.json"]


async def test_what_was_let_go_of_can_be_taken_again(tree: TaskTree, first: str, store: NixStore, roots: Path) -> None:
    one = await take_snapshot(tree, first, store, roots)
    assert await unroot_snapshot(one.store_path, first, [roots], promised_s=0)
    await run(["nix-store", "--gc"], env=store.environment)
    two = await take_snapshot(tree, first, store, roots)
    assert (two.store_path, two.unchanged) == (one.store_path, False)
    await run(["nix-store", "--gc"], env=store.environment)
    await verify_snapshot(store, two.store_path, two.nar_hash)


async def test_a_snapshot_that_was_asked_for_again_keeps_its_root_until_that_can_be_recorded(
    tree: TaskTree, first: str, store: NixStore, roots: Path
) -> None:
    snapshot = await take_snapshot(tree, first, store, roots)
    age(roots, first, 100 * HOUR_S)
    again = await take_snapshot(tree, first, store, roots)
    assert again.unchanged
    assert not await unroot_snapshot(snapshot.store_path, first, [roots], promised_s=24 * HOUR_S)
    await run(["nix-store", "--gc"], env=store.environment)
    await verify_snapshot(store, snapshot.store_path, snapshot.nar_hash)
    age(roots, first, 25 * HOUR_S)
    assert await unroot_snapshot(snapshot.store_path, first, [roots], promised_s=24 * HOUR_S)


async def test_roots_are_found_where_they_were_made_before_the_place_changed(
    tree: TaskTree, first: str, store: NixStore, roots: Path, tmp_path: Path
) -> None:
    snapshot = await take_snapshot(tree, first, store, roots)
    moved = tmp_path / "gcroots"
    await take_snapshot(tree, first, store, moved)
    assert (moved / first).readlink() == (roots / first).readlink()
    assert await unroot_snapshot(snapshot.store_path, first, [moved, roots], promised_s=0)
    assert names(moved) == names(roots) == []


async def test_a_root_that_holds_something_else_stays(tree: TaskTree, first: str, store: NixStore, roots: Path) -> None:
    snapshot = await take_snapshot(tree, first, store, roots)
    other = snapshot.store_path.replace(str(store.store_dir), "/nix/store")
    assert await unroot_snapshot(other, first, [roots], promised_s=0)
    assert (roots / first).readlink() == Path(snapshot.store_path)
    with pytest.raises(InvalidRequestError):
        await unroot_snapshot(snapshot.store_path, "../x", [roots], promised_s=0)


async def test_a_link_in_nixs_own_directory_of_roots_holds_a_snapshot_too(
    tree: TaskTree, first: str, store: NixStore
) -> None:
    roots = store.state_dir / "gcroots" / "octra"
    snapshot = await take_snapshot(tree, first, store, roots)
    await run(["nix-store", "--gc"], env=store.environment)
    await verify_snapshot(store, snapshot.store_path, snapshot.nar_hash)
    assert await unroot_snapshot(snapshot.store_path, first, [roots], promised_s=0)
    await run(["nix-store", "--gc"], env=store.environment)
    assert not await is_valid(store, snapshot.store_path)
