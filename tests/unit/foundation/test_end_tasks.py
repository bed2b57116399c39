import asyncio

import pytest

from octrad.foundation.end_tasks import end_tasks


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
async def test_task_that_loses_a_cancellation_is_asked_again(count: int) -> None:
    stubborn = asyncio.create_task(loses_cancellations(count))
    meek = asyncio.create_task(asyncio.sleep(0))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await end_tasks(stubborn, meek, ask_again_s=0.01)
    assert stubborn.cancelled()
    assert meek.done()


async def test_error_of_a_task_stays_with_it() -> None:
    async def fails() -> None:
        raise ValueError

    failed = asyncio.create_task(fails())
    await asyncio.sleep(0)
    await end_tasks(failed)
    assert isinstance(failed.exception(), ValueError)


async def test_one_who_is_cancelled_while_it_ends_others_leaves_none_behind() -> None:
    stubborn = asyncio.create_task(loses_cancellations(2))
    await asyncio.sleep(0)
    ending = asyncio.create_task(end_tasks(stubborn, ask_again_s=60))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await end_tasks(ending, ask_again_s=0.01)
    assert ending.cancelled()
    assert stubborn.cancelled()
