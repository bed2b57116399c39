import asyncio

import pytest

from octrad.foundation import end_tasks
from octrad.foundation.end_tasks import end_tasks as end


async def loses_cancellations(count: int) -> None:
    """As a loop does whose wait returned an answer just when it was cancelled."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            count -= 1
            if count < 0:
                raise


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_task_that_loses_a_cancellation_is_asked_again(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(end_tasks, "_ASK_AGAIN_S", 0.01)
    stubborn = asyncio.create_task(loses_cancellations(count))
    meek = asyncio.create_task(asyncio.sleep(0))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await end(stubborn, meek)
    assert stubborn.cancelled()
    assert meek.done()


async def test_error_of_a_task_stays_with_it() -> None:
    async def fails() -> None:
        raise ValueError

    failed = asyncio.create_task(fails())
    await asyncio.sleep(0)
    await end(failed)
    assert isinstance(failed.exception(), ValueError)
