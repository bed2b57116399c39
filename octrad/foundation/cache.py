"""Copies that are kept for a while: in the process, or in Redis where several processes share them.

Nothing is ever only here, so that losing any of it is a miss and never an error. A key names what never changes (the
files of a commit), so that a copy is never wrong; the time to live only bounds the room that copies take.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Protocol

from octrad.foundation.config import Cache as CacheConfig

MAX_ENTRIES = 10_000


class Cache(Protocol):
    """What a cache does. Keys are ours; values are bytes."""

    async def get(self, key: str) -> bytes | None:
        """The value, if it is there and young enough."""

    async def put(self, key: str, value: bytes) -> None:
        """Keeps a value for the configured time."""

    async def is_healthy(self) -> bool:
        """Whether values are really kept."""

    async def close(self) -> None:
        """Lets go of connections."""


def open_cache(config: CacheConfig) -> Cache:
    """The cache that is configured. Connects when it is first used."""
    if not config.redis_url:
        return MemoryCache(config.ttl_s)
    # Only where it is wanted, to keep an idle octrad small.
    from octrad.foundation.redis_cache import RedisCache  # noqa: PLC0415

    return RedisCache(config.redis_url, config.ttl_s)


async def look_aside(cache: Cache, key: str, load: Callable[[], Awaitable[bytes]]) -> bytes:
    """The copy, or what `load` returns, which is kept."""
    found = await cache.get(key)
    if found is None:
        found = await load()
        await cache.put(key, found)
    return found


class MemoryCache:
    """Copies in this process. The oldest go first when there are too many.

    Args:
        ttl_s: how long a copy is kept.
        clock: seconds that only grow.
        max_entries: copies at most.
    """

    def __init__(
        self, ttl_s: float, *, clock: Callable[[], float] = time.monotonic, max_entries: int = MAX_ENTRIES
    ) -> None:
        self._ttl_s = ttl_s
        self._clock = clock
        self._max_entries = max_entries
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    async def get(self, key: str) -> bytes | None:
        """The value, if it is there and young enough."""
        expires_at, value = self._entries.get(key, (0.0, b""))
        if key not in self._entries:
            return None
        if self._clock() >= expires_at:
            del self._entries[key]
            return None
        return value

    async def put(self, key: str, value: bytes) -> None:
        """Keeps a value."""
        self._entries.pop(key, None)
        self._entries[key] = (self._clock() + self._ttl_s, value)
        while len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)

    async def is_healthy(self) -> bool:
        """Always."""
        return True

    async def close(self) -> None:
        """Forgets everything."""
        self._entries.clear()
