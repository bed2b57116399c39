"""Puts a commit with its history into the Nix store, under a root, once.

Adding and rooting race with garbage collection, so that is held off where we may, and the three steps are add, root,
check, again where the check fails.
What is recorded beside the root makes a second snapshot of the same commit a look-up.
"""

import asyncio
import errno
from pathlib import Path

from octrad.foundation.errors import ExhaustedError, UnavailableError
from octrad.foundation.process import CommandFailedError
from octrad.runner.operations import Snapshot
from octrad.runner.server.nix.assemble_snapshot import assemble_snapshot, assembly_place
from octrad.runner.server.nix.garbage_lock import hold_off_garbage_collection
from octrad.runner.server.nix.nix_command import add_root, add_to_store, is_valid, path_info
from octrad.runner.server.nix.snapshot_root import (
    SnapshotRecord,
    read_record,
    root_lock,
    touch_record,
    write_record,
)
from octrad.runner.server.nix.store import NixStore
from octrad.runner.server.trees.commit_branch import read_tree_hash
from octrad.runner.server.trees.remove_directory import remove_directory
from octrad.runner.server.trees.task_tree import TaskTree, checked_commit

ATTEMPTS = 5


async def take_snapshot(tree: TaskTree, commit: str, store: NixStore, snapshots_dir: Path) -> Snapshot:
    """Puts a commit with its history into the store; the root is `snapshots_dir/COMMIT`.

    No command may run in main's working directory meanwhile.

    Raises:
        NotFoundError: no such commit.
        ConflictError: its directories are nested deeper than Nix can take.
        ExhaustedError: the disk is full; nothing is left behind.
        UnavailableError: garbage collection took it away again and again.
        CommandFailedError: git or Nix failed.
    """
    root = snapshots_dir / checked_commit(commit)
    async with root_lock.hold(str(root)):
        known = await _find(root, store)
        if known is not None:
            await asyncio.to_thread(touch_record, root)
            return _snapshot(known, unchanged=True)
        await asyncio.to_thread(snapshots_dir.mkdir, mode=0o700, parents=True, exist_ok=True)
        try:
            record = await _take(tree, commit, store, root)
            await asyncio.to_thread(write_record, root, record)
        except OSError as error:
            await asyncio.to_thread(root.unlink, missing_ok=True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise ExhaustedError("the disk is full", hint="free some space in Octra's state") from error
            raise
        finally:
            await asyncio.to_thread(remove_directory, assembly_place(tree).parent)
    return _snapshot(record, unchanged=False)


async def _take(tree: TaskTree, commit: str, store: NixStore, root: Path) -> SnapshotRecord:
    place = await assemble_snapshot(tree, commit)
    store_path = await _add_rooted(store, place, root)
    described = await path_info(store, store_path)
    return SnapshotRecord(
        store_path=store_path,
        nar_hash=described.nar_hash,
        size_bytes=described.size_bytes,
        tree_hash=await read_tree_hash(tree, commit),
    )


async def _add_rooted(store: NixStore, place: Path, root: Path) -> str:
    for _ in range(ATTEMPTS):
        async with hold_off_garbage_collection(store):
            store_path = await _add_and_root(store, place, root)
        if store_path is not None:
            return store_path
    raise UnavailableError("garbage collection removed the snapshot while it was taken", hint="try again")


async def _add_and_root(store: NixStore, place: Path, root: Path) -> str | None:
    """Adds and roots; None when it was collected in between."""
    store_path = await add_to_store(store, place)
    try:
        await add_root(store, store_path, root)
    except CommandFailedError:
        if await is_valid(store, store_path):
            raise
        return None
    if await is_valid(store, store_path):
        return store_path
    await asyncio.to_thread(root.unlink, missing_ok=True)
    return None


async def _find(root: Path, store: NixStore) -> SnapshotRecord | None:
    """What is known of a commit's snapshot, if that is still in the store."""
    record = await asyncio.to_thread(read_record, root)
    if record is None or not await is_valid(store, record.store_path):
        return None
    return record


def _snapshot(record: SnapshotRecord, *, unchanged: bool) -> Snapshot:
    return Snapshot(record.store_path, record.nar_hash, record.size_bytes, record.tree_hash, unchanged)
