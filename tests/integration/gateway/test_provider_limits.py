"""What a provider did wrong, and what it may be asked at most, holds for all questions together."""

import asyncio
import time
from collections.abc import Callable

import pytest

from octrad.foundation.once.connection import ServantConnection
from octrad.gateway.calls import Attempt, Mark, ModelsFailedError, Outcome
from octrad.gateway.client import GatewayClient
from tests.integration.gateway.conftest import House, Rehearsal, question


def outcomes(attempts: tuple[Attempt, ...]) -> list[str]:
    return [attempt.outcome for attempt in attempts]


async def test_cool_down_of_one_task_spares_the_other_a_request(client: GatewayClient, rehearsal: Rehearsal) -> None:
    asked = question("rehearsal/failures", "rehearsal/failures:good")
    first = await client.complete("cool1/rate-long/#1", asked)
    assert outcomes(first.attempts) == ["rate", "ok"]
    mark = first.attempts[0].mark
    assert mark is not None
    assert (mark.outcome, mark.model) == (Outcome.RATE, "")
    assert 3500 < mark.until - time.time() <= 3600
    second = await client.complete("cool2/rate-long/#1", asked)
    assert outcomes(second.attempts) == ["ok"]
    assert len(rehearsal.requests("cool2")) == 1


async def test_when_all_cool_down_for_too_long_the_hint_says_how_long(
    client: GatewayClient, rehearsal: Rehearsal
) -> None:
    asked = question("rehearsal/failures")
    with pytest.raises(ModelsFailedError):
        await client.complete("cool3/rate-long/#1", asked)
    with pytest.raises(ModelsFailedError) as caught:
        await client.complete("cool4/ok/#1", asked)
    assert caught.value.failure_class == "rate"
    assert caught.value.retryable
    assert "was not asked (cooling down for 3" in caught.value.message
    assert "retry in 3" in caught.value.hint
    assert "--model" in caught.value.hint
    assert rehearsal.requests("cool4") == []


async def test_short_cool_down_of_all_is_waited_for(client: GatewayClient) -> None:
    asked = question("rehearsal/failures")
    provider = asked.chain[0].partition("/")[0]
    until = time.time() + 1.5
    told_elsewhere = Mark(provider, "", Outcome.RATE, until)
    completed = await client.complete("cool5/ok/#1", asked, marks=[told_elsewhere])
    assert outcomes(completed.attempts) == ["ok"]
    assert completed.attempts[0].started_at_ms >= until * 1000 - 5


async def test_refused_key_is_asked_again_only_where_nobody_else_is_left(
    client: GatewayClient, rehearsal: Rehearsal
) -> None:
    asked = question("rehearsal/failures", "rehearsal/failures:good")
    await client.complete("down1/s401/#1", asked)
    assert outcomes((await client.complete("down2/s401/#1", asked)).attempts) == ["ok"]
    # The key works again, which nobody could know; from then on it counts as well.
    alone = question(*asked.chain[:1])
    answered = await client.complete("down3/ok/#1", alone)
    assert outcomes(answered.attempts) == ["ok"]
    taken_away = answered.attempts[0].mark
    assert taken_away is not None
    assert taken_away.until <= time.time()
    assert outcomes((await client.complete("down4/ok/#1", asked)).attempts) == ["ok"]
    assert len(rehearsal.requests("down4")) == 1


async def test_changed_key_file_brings_a_provider_back(own_house: Callable[..., House], rehearsal: Rehearsal) -> None:
    house = own_house()
    connection = ServantConnection("gateway", house.state_dir, house.config)
    client = GatewayClient(connection)
    asked = question("keyed/failures", "rehearsal/failures:good")
    await client.complete("key1/s401/#1", asked)
    await client.complete("key2/s401/#1", asked)
    assert rehearsal.requests("key2") == [("s401", 1, 200)]
    (house.config.parent / "canary.key").write_text("another-key-0123456789\n")
    await client.complete("key3/s401/#1", asked)
    assert rehearsal.requests("key3") == [("s401", 1, 401), ("s401", 2, 200)]
    await connection.close()


async def test_limit_of_a_provider_lets_its_requests_wait(own_house: Callable[..., House]) -> None:
    house = own_house(extra="total_timeout_s = 30")
    text = house.config.read_text().replace("[providers.keyed]\n", "[providers.keyed]\ncalls_at_once = 1\n")
    house.config.write_text(text)
    connection = ServantConnection("gateway", house.state_dir, house.config)
    client = GatewayClient(connection)
    async with asyncio.TaskGroup() as group:
        narrow = [group.create_task(client.complete(f"place{n}/slow/#1", question("keyed/failures"))) for n in range(3)]
    starts = sorted(call.result().attempts[0].started_at_ms for call in narrow)
    # Each takes a second.
    assert starts[1] - starts[0] >= 900
    assert starts[2] - starts[1] >= 900
    assert all(call.result().attempts[0].duration_ms < 10_000 for call in narrow)
    await connection.close()


async def test_wait_for_a_place_counts_for_the_total(own_house: Callable[..., House]) -> None:
    house = own_house(extra="total_timeout_s = 5")
    text = house.config.read_text().replace("[providers.keyed]\n", "[providers.keyed]\nrequests_per_minute = 1\n")
    house.config.write_text(text)
    connection = ServantConnection("gateway", house.state_dir, house.config)
    client = GatewayClient(connection)
    await client.complete("pace1/ok/#1", question("keyed/failures"))
    with pytest.raises(ModelsFailedError, match="left no place") as caught:
        await client.complete("pace2/ok/#1", question("keyed/failures"))
    assert (caught.value.failure_class, caught.value.attempts) == ("rate", ())
    assert "requests_per_minute" in caught.value.hint
    await connection.close()


async def test_question_too_long_for_all_tells_to_ask_for_less(client: GatewayClient) -> None:
    with pytest.raises(ModelsFailedError, match="finds the question too long") as caught:
        await client.complete("long1/context/#1", question("rehearsal/failures"))
    assert caught.value.failure_class == "context"
    assert caught.value.hint.startswith("ask for less")
