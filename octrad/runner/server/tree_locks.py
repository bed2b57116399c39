"""Keeps operations on one tree from meeting: one at a time on a branch, and whole-tree operations alone."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator


class TreeLocks:
    """Locks for branches of tasks' trees. Held within one process; a lock that nobody holds takes no room."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._branches: set[tuple[str, str]] = set()
        self._users: Counter[str] = Counter()
        self._alone: set[str] = set()

    @contextlib.asynccontextmanager
    async def hold_branches(self, task_id: str, *branches: str) -> AsyncIterator[None]:
        """Waits until nobody works on these branches, then holds all of them."""
        places = {(task_id, branch) for branch in branches}
        async with self._changed:
            await self._changed.wait_for(lambda: task_id not in self._alone and not places & self._branches)
            self._branches |= places
            self._users[task_id] += 1
        try:
            yield
        finally:
            self._branches -= places
            self._users[task_id] -= 1
            self._users += Counter()  # drops zeros
            await self._tell()

    @contextlib.asynccontextmanager
    async def hold_tree(self, task_id: str) -> AsyncIterator[None]:
        """Waits until nobody works on any branch of the tree, then holds all of it."""
        async with self._changed:
            await self._changed.wait_for(lambda: task_id not in self._alone and not self._users[task_id])
            self._alone.add(task_id)
        try:
            yield
        finally:
            self._alone.discard(task_id)
            await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()
