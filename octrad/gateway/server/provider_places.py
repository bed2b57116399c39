"""Waits until a request may begin: how many are under way, of all and of one provider, and how many a minute began.

Requests to one provider begin in the order in which they came. One that waits for its provider keeps no place from
the requests to others.
"""

import asyncio
import contextlib
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence

from octrad.foundation.config import Provider

MINUTE_S = 60.0


class ProviderPlaces:
    """The places of one gateway.

    Args:
        at_once: requests under way, to all providers together.
    """

    def __init__(self, at_once: int) -> None:
        self._all = asyncio.Semaphore(at_once)
        # By the limit too: a changed one counts for the requests that come after the change.
        self._of_provider: dict[tuple[str, int], asyncio.Semaphore] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._starts: defaultdict[str, deque[float]] = defaultdict(deque)

    @contextlib.asynccontextmanager
    async def place(self, name: str, provider: Provider) -> AsyncIterator[None]:
        """Waits for a place for one request and holds it."""
        async with self._own_place(name, provider.calls_at_once):
            async with self._turns[name]:
                await self._wait_for_turn(name, provider.requests_per_minute)
                await self._all.acquire()
                self._starts[name].append(time.monotonic())
            try:
                yield
            finally:
                self._all.release()

    def _own_place(self, name: str, at_once: int | None) -> contextlib.AbstractAsyncContextManager[None]:
        if at_once is None:
            return contextlib.nullcontext()
        return self._of_provider.setdefault((name, at_once), asyncio.Semaphore(at_once))

    async def _wait_for_turn(self, name: str, per_minute: int | None) -> None:
        starts, now = self._starts[name], time.monotonic()
        while starts and starts[0] <= now - MINUTE_S:
            starts.popleft()
        if per_minute is not None:
            await asyncio.sleep(max(0.0, next_turn(starts, now, per_minute) - now))


def next_turn(starts: Sequence[float], now: float, per_minute: int) -> float:
    """When the next request may begin, so that within any minute no more than so many do. Pure."""
    return now if len(starts) < per_minute else max(now, starts[-per_minute] + MINUTE_S)
