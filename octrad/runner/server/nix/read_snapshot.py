"""Reads snapshots out of the store, and proves that they are what was put there."""

import asyncio
from collections.abc import AsyncGenerator

from octrad.runner.failures import SnapshotDamagedError
from octrad.runner.operations import CreatedTree
from octrad.runner.server.nix.nix_command import dump, hash_content, path_info
from octrad.runner.server.nix.snapshot_place import snapshot_directory, snapshot_git_dir, snapshot_head
from octrad.runner.server.nix.store import NixStore
from octrad.runner.server.trees.create_tree import create_tree_from_packs
from octrad.runner.server.trees.task_tree import TaskTree


async def verify_snapshot(store: NixStore, store_path: str, nar_hash: str) -> None:
    """Reads the whole snapshot and compares its hash with the one that was recorded.

    Raises:
        NotFoundError: it is not in the store.
        SnapshotDamagedError: it differs.
        InvalidRequestError: not the path of a snapshot.
    """
    place = await asyncio.to_thread(snapshot_directory, store, store_path)
    if await hash_content(store, place) != nar_hash:
        raise SnapshotDamagedError(
            f"the snapshot {store_path} was changed in the store",
            hint=f"restore another one, or repair it: nix-store --repair-path {store_path}",
        )


async def read_snapshot(store: NixStore, store_path: str) -> AsyncGenerator[bytes, None]:
    """The snapshot as a Nix archive, in parts.

    Raises:
        NotFoundError: it is not in the store.
        InvalidRequestError: not the path of a snapshot.
    """
    place = await asyncio.to_thread(snapshot_directory, store, store_path)
    async for chunk in dump(store, place):
        yield chunk


async def create_tree_from_snapshot(tree: TaskTree, store: NixStore, store_path: str) -> CreatedTree:
    """Makes a tree that goes on where a snapshot ends, once that is proved to be what was put into the store.

    Raises:
        NotFoundError: it is not in the store.
        SnapshotDamagedError: it is not what was put there.
        CommandFailedError: the store does not know it, or git failed.
        ExhaustedError: the disk is full.
    """
    git_dir = await asyncio.to_thread(snapshot_git_dir, store, store_path)
    recorded = await path_info(store, store_path)
    await verify_snapshot(store, store_path, recorded.nar_hash)
    return await create_tree_from_packs(tree, git_dir, await asyncio.to_thread(snapshot_head, store, store_path))
