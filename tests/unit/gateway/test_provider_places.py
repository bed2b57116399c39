import asyncio
import contextlib

import pytest

from octrad.foundation.config import Provider
from octrad.gateway.server.provider_places import ProviderPlaces, next_turn


@pytest.mark.parametrize(
    ("starts", "per_minute", "turn"),
    [
        ([], 1, 100.0),
        ([99.0], 2, 100.0),
        ([99.0], 1, 159.0),
        ([10.0], 1, 100.0),
        ([50.0, 60.0, 99.0], 3, 110.0),
        ([50.0, 60.0, 99.0], 2, 120.0),
        ([50.0, 60.0, 99.0], 4, 100.0),
    ],
)
def test_turn_comes_when_the_minute_has_room(starts: list[float], per_minute: int, turn: float) -> None:
    assert next_turn(starts, 100.0, per_minute) == turn


class Crowd:
    """Requests that hold their places until they are told to let go."""

    def __init__(self, at_once: int) -> None:
        self.places = ProviderPlaces(at_once)
        self.inside: list[str] = []
        self.go = asyncio.Event()

    async def hold(self, name: str, provider: Provider) -> None:
        async with self.places.place(name.partition("-")[0], provider):
            self.inside.append(name)
            await self.go.wait()


async def settle() -> None:
    """Lets everything that can go on do so: nothing here waits for a clock."""
    for _ in range(20):
        await asyncio.sleep(0)


OPEN = Provider(kind="openai")
NARROW = Provider(kind="openai", calls_at_once=1)


async def test_provider_takes_as_many_at_once_as_it_may_and_keeps_no_place_from_others() -> None:
    crowd = Crowd(at_once=3)
    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(crowd.hold(f"narrow-{number}", NARROW))
        group.create_task(crowd.hold("open-0", OPEN))
        await settle()
        assert crowd.inside == ["narrow-0", "open-0"]
        crowd.go.set()
    assert crowd.inside == ["narrow-0", "open-0", "narrow-1", "narrow-2"]


async def test_one_that_gave_up_waiting_leaves_its_place_to_the_next() -> None:
    crowd = Crowd(at_once=1)
    first, second, third = (asyncio.create_task(crowd.hold(f"narrow-{number}", NARROW)) for number in range(3))
    await settle()
    second.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await second
    crowd.go.set()
    await asyncio.gather(first, third)
    assert crowd.inside == ["narrow-0", "narrow-2"]


async def test_changed_limit_counts_from_the_next_request_on() -> None:
    crowd = Crowd(at_once=8)
    async with asyncio.TaskGroup() as group:
        group.create_task(crowd.hold("p-0", NARROW))
        await settle()
        group.create_task(crowd.hold("p-1", OPEN))
        await settle()
        assert crowd.inside == ["p-0", "p-1"]
        crowd.go.set()


async def test_request_beyond_the_minute_waits() -> None:
    crowd = Crowd(at_once=8)
    paced = Provider(kind="openai", requests_per_minute=2)
    crowd.go.set()
    for number in range(2):
        await crowd.hold(f"p-{number}", paced)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(crowd.hold("p-2", paced), 0.2)
    await crowd.hold("q-0", paced)
    assert crowd.inside == ["p-0", "p-1", "q-0"]
