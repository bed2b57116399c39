import asyncio
import time

import pytest

from octrad.foundation.activity import Activity


async def test_idle_servant_is_unwanted_after_its_patience() -> None:
    async with asyncio.timeout(5):
        await Activity(patience_s=0.01).unwanted()


async def test_busy_servant_is_never_unwanted() -> None:
    activity = Activity(patience_s=0.01)
    with activity, pytest.raises(TimeoutError):
        await asyncio.wait_for(activity.unwanted(), 0.1)
    async with asyncio.timeout(5):
        await activity.unwanted()


async def test_patience_counts_from_the_end_of_the_last_call() -> None:
    patience_s = 0.5
    activity = Activity(patience_s)
    waiting = asyncio.create_task(activity.unwanted())
    await asyncio.sleep(0.1)
    with activity:
        pass
    called_at = time.monotonic()
    async with asyncio.timeout(5):
        await waiting
    assert time.monotonic() - called_at >= patience_s - 0.01  # of what an event loop's clock may be early


async def test_lost_patience_ends_the_first_idle_moment() -> None:
    activity = Activity(patience_s=3600)
    waiting = asyncio.create_task(activity.unwanted())
    with activity:
        activity.lose_patience()
        await asyncio.sleep(0)
        assert not waiting.done()
    async with asyncio.timeout(5):
        await waiting
