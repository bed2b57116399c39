from octrad.foundation.cache import MemoryCache, look_aside


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_copy_is_kept_until_its_time_is_over() -> None:
    clock = Clock()
    cache = MemoryCache(10, clock=clock)
    await cache.put("a", b"1")
    clock.now = 9.9
    assert await cache.get("a") == b"1"
    clock.now = 10
    assert await cache.get("a") is None


async def test_oldest_copies_go_first() -> None:
    cache = MemoryCache(10, max_entries=2)
    for key in "abac":
        await cache.put(key, key.encode())
    assert [await cache.get(key) for key in "abc"] == [b"a", None, b"c"]


async def test_look_aside_loads_once() -> None:
    cache = MemoryCache(10)
    loads = 0

    async def load() -> bytes:
        nonlocal loads
        loads += 1
        return b"x"

    assert [await look_aside(cache, "k", load) for _ in range(3)] == [b"x"] * 3
    assert loads == 1
