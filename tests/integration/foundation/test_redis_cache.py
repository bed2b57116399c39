import pytest

from octrad.foundation.cache import MemoryCache, look_aside, open_cache
from octrad.foundation.config import Cache as CacheConfig
from octrad.foundation.redis_cache import RedisCache
from tests.integration.foundation.conftest import RedisServer


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_cache_is_in_the_process_unless_redis_is_configured(redis_server: RedisServer) -> None:
    assert isinstance(open_cache(CacheConfig()), MemoryCache)
    configured = open_cache(CacheConfig(redis_url=redis_server.url))
    assert isinstance(configured, RedisCache)
    assert await configured.is_healthy()
    await configured.close()


async def test_copies_are_shared_and_kept_for_a_while(redis_server: RedisServer) -> None:
    one, other = RedisCache(redis_server.url, 300), RedisCache(redis_server.url, 300)
    await one.put("k", b"\x00value")
    assert await other.get("k") == b"\x00value"
    assert 299_000 < await one._redis.pttl("octra:k") <= 300_000  # noqa: SLF001 - what Redis itself says
    await one.close()
    await other.close()


async def test_lost_redis_is_a_miss_and_a_warning_and_is_found_again(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    cache = RedisCache(redis_server.url, 300, clock=clock)
    await cache.put("k", b"old")
    redis_server.stop()

    async def load() -> bytes:
        return b"fresh"

    assert await look_aside(cache, "k", load) == b"fresh"
    assert caplog.text.count("Redis does not answer") == 1
    assert not await cache.is_healthy()
    assert await cache.get("k") is None, "left alone for a moment: no second timeout"
    assert caplog.text.count("Redis does not answer") == 1
    redis_server.start()
    clock.now += 3
    assert await cache.is_healthy()
    await cache.put("k", b"new")
    assert await cache.get("k") == b"new"
    await cache.close()


async def test_redis_that_never_was_is_a_miss(tmp_path_factory: pytest.TempPathFactory) -> None:
    cache = RedisCache(f"unix://{tmp_path_factory.mktemp('none')}/redis.sock", 300)
    await cache.put("k", b"x")
    assert await cache.get("k") is None
    await cache.close()
