"""Keeps garbage collection waiting between adding to the store and rooting what was added.

Nix's collector takes its lock exclusively; holding it shared makes a collector wait. Where we may not have that lock
(the machine's store, as an ordinary user), nothing is held, and whoever adds must look whether it is still there.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from octrad.runner.server.nix.store import NixStore

WAIT_S = 60.0
_POLL_S = 0.005


@asynccontextmanager
async def hold_off_garbage_collection(store: NixStore) -> AsyncIterator[None]:
    """Waits for a collection that runs, at most `WAIT_S`, and lets none begin for as long as the context lasts."""
    descriptor = await asyncio.to_thread(_open, store.state_dir / "gc.lock")
    if descriptor is None:
        yield
        return
    try:
        await _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None


async def _lock(descriptor: int) -> None:
    # Polled, because a wait in the kernel could not be cancelled.
    deadline = asyncio.get_running_loop().time() + WAIT_S
    while asyncio.get_running_loop().time() < deadline:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(_POLL_S)
        else:
            return
