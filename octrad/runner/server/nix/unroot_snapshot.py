"""Lets go of a snapshot: removes its root, so that the next garbage collection may take it out of the store.

A snapshot that was taken again lately keeps its root. Its caller may not have recorded it yet, and could not know that
what it was promised is gone.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from octrad.runner.server.nix.snapshot_root import last_taken, remove_root, root_lock
from octrad.runner.server.trees.task_tree import checked_commit


async def unroot_snapshot(store_path: str, commit: str, places: Sequence[Path], *, promised_s: float) -> bool:
    """Removes the roots of a commit that hold this path; what is not there, or holds something else, is fine.

    Args:
        store_path: the snapshot's.
        commit: that it is of.
        places: the directories where its root may be.
        promised_s: for how long the answer to a taking may be waiting to be recorded.

    Returns:
        Whether no root is left; false when it was taken again lately.

    Raises:
        InvalidRequestError: not a commit's id.
    """
    name = checked_commit(commit)
    gone = [await _unroot(place / name, store_path, time.time() - promised_s) for place in places]
    return all(gone)


async def _unroot(root: Path, store_path: str, not_after: float) -> bool:
    async with root_lock.hold(str(root)):
        if await asyncio.to_thread(_leads_to, root) != store_path:
            return True
        if await asyncio.to_thread(last_taken, root) > not_after:
            return False
        await asyncio.to_thread(remove_root, root)
        return True


def _leads_to(root: Path) -> str:
    try:
        return str(root.readlink())
    except FileNotFoundError:
        return ""
