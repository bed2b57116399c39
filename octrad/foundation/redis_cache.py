"""The cache in Redis. A lost Redis is a miss and a warning, and costs one short timeout in a while."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import redis.asyncio
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

T = TypeVar("T")

_TIMEOUT_S = 0.5
# After a failure Redis is left alone for so long.
_REST_S = 2.0


class RedisCache:
    """Copies in Redis.

    Args:
        url: `redis://…`, `rediss://…` or `unix:///path`.
        ttl_s: how long a copy is kept.
        clock: seconds that only grow.
    """

    def __init__(self, url: str, ttl_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis.asyncio.Redis.from_url(
            url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S, client_name="octrad"
        )
        self._ttl_ms = int(ttl_s * 1000)
        self._clock = clock
        self._resting_until = 0.0

    async def get(self, key: str) -> bytes | None:
        """The value, if it is there."""

        async def ask() -> bytes | None:
            value = await self._redis.get(_named(key))
            return value if isinstance(value, bytes) else None

        return await self._attempt(ask, None)

    async def put(self, key: str, value: bytes) -> None:
        """Keeps a value."""

        async def tell() -> None:
            await self._redis.set(_named(key), value, px=self._ttl_ms)

        await self._attempt(tell, None)

    async def is_healthy(self) -> bool:
        """Whether Redis answers now."""

        async def ask() -> bool:
            await self._redis.echo(b"octra")
            return True

        return await self._attempt(ask, False)  # noqa: FBT003 - a result

    async def close(self) -> None:
        """Closes the connections."""
        await self._redis.aclose()

    async def _attempt(self, operation: Callable[[], Awaitable[T]], otherwise: T) -> T:
        if self._clock() < self._resting_until:
            return otherwise
        try:
            return await operation()
        except (RedisError, OSError) as error:
            self._resting_until = self._clock() + _REST_S
            logger.warning("Redis does not answer; going on without it: %s", error)
            return otherwise


def _named(key: str) -> str:
    return f"octra:{key}"
