"""Bounds how many commands run at once on this machine."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable


class CommandSlots:
    """A number of slots; who finds none free waits for one, first come first served."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._free = asyncio.Semaphore(count)

    @contextlib.asynccontextmanager
    async def take(self, on_wait: Callable[[str], None]) -> AsyncIterator[None]:
        """Holds a slot. `on_wait` is told in words when there is something to wait for."""
        if self._free.locked():
            on_wait(f"waiting: {self._count} commands run already")
        async with self._free:
            yield
