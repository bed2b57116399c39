"""The gateway as a process: killed callers, killed gateways, keys, configuration."""

import asyncio
import base64
import json
import os
import signal
import sys
import textwrap
import time
from collections.abc import Callable

import pytest

from octrad.foundation.errors import CancelledByCallerError, ConfigurationError
from octrad.foundation.once.connection import ServantConnection
from octrad.gateway.calls import ModelsFailedError
from octrad.gateway.client import GatewayClient
from tests.integration.gateway.conftest import CANARY, House, Rehearsal, question

CALLER = textwrap.dedent(
    """
    import asyncio, sys
    from pathlib import Path
    from octrad.foundation.once.connection import ServantConnection
    from octrad.gateway.client import GatewayClient
    from tests.integration.gateway.conftest import question

    async def main():
        client = GatewayClient(ServantConnection("gateway", Path(sys.argv[1]), Path(sys.argv[2])))
        await client.complete(sys.argv[3], question())

    asyncio.run(main())
    """
)


async def _until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def _client(house: House) -> tuple[GatewayClient, ServantConnection]:
    connection = ServantConnection("gateway", house.state_dir, house.config)
    return GatewayClient(connection), connection


async def test_call_outlives_a_killed_caller_and_is_paid_once(
    client: GatewayClient, house: House, rehearsal: Rehearsal
) -> None:
    arguments = (str(house.state_dir), str(house.config), "kill1/slow/#1")
    caller = await asyncio.create_subprocess_exec(sys.executable, "-c", CALLER, *arguments)
    await _until(lambda: len(rehearsal.requests("kill1")) == 1)
    os.kill(caller.pid, signal.SIGKILL)
    await caller.wait()
    completed = await client.complete("kill1/slow/#1", question())
    assert json.loads(completed.answer_json) == {"n": 3}
    assert rehearsal.requests("kill1") == [("slow", 1, 200)]
    # Unacknowledged, it is told again; still nothing is asked.
    assert await client.complete("kill1/slow/#1", question()) == completed
    assert len(rehearsal.requests("kill1")) == 1


async def test_killed_gateway_asks_again_under_the_same_id(
    own_house: Callable[..., House], rehearsal: Rehearsal
) -> None:
    house = own_house()
    client, connection = _client(house)
    call = asyncio.create_task(client.complete("kill2/slow/#1", question()))
    await _until(lambda: len(rehearsal.requests("kill2")) == 1)
    house.kill()
    completed = await call
    assert json.loads(completed.answer_json) == {"n": 3}
    assert [row[2] for row in rehearsal.requests("kill2")] == [0, 200]
    await connection.close()


async def test_cancelled_call_leaves_nothing(client: GatewayClient, rehearsal: Rehearsal) -> None:
    call = asyncio.create_task(client.complete("cancel1/hang/#1", question()))
    await _until(lambda: len(rehearsal.requests("cancel1")) == 1)
    assert await client.cancel("cancel1/") == 1
    with pytest.raises(CancelledByCallerError):
        await call
    assert await client.cancel("cancel1/") == 0


async def test_key_appears_nowhere(own_house: Callable[..., House]) -> None:
    house = own_house()
    client, connection = _client(house)
    with pytest.raises(ModelsFailedError) as caught:
        await client.complete("key1/echoes-key/#1", question("keyed/failures"))
    assert "Incorrect API key provided: [key]" in caught.value.message
    completed = await client.complete("key1/answers-key/#1", question("keyed/failures"))
    assert "your key is [key]" in completed.answer_json
    assert not completed.rehearsal
    await client.complete("key1/ok/#1", question("keyed/failures"))
    files = [path for path in house.state_dir.rglob("*") if path.is_file()]
    assert len([path for path in files if "spool" in path.parts]) >= 3
    for trace in (CANARY, base64.b64encode(CANARY.encode()).decode().rstrip("=")):
        assert [path for path in files if trace.encode() in path.read_bytes()] == []
        assert trace not in repr((caught.value.attempts, caught.value.message, completed))
    await connection.close()


async def test_no_model_configured_says_how_and_does_not_need_litellm(own_house: Callable[..., House]) -> None:
    house = own_house(chain="[]")
    client, connection = _client(house)
    with pytest.raises(ConfigurationError, match="no model is configured") as caught:
        await client.complete("none1/ok/#1", question())
    for words in ("[providers.anthropic]", "[providers.openai]", "[providers.ollama]", "octrad rehearse"):
        assert words in caught.value.hint
    assert await client.list_models() == ()
    await connection.close()


async def test_gateway_answers_long_before_litellm_is_there(own_house: Callable[..., House]) -> None:
    chain = '["lostkey/gpt-4o", "nosuch/x", "nobody/x", "rehearsal/failures"]'
    house = own_house(chain=chain, extra='prices_usd_per_million = { "nobody/x" = [1.5, 2.0] }')
    client, connection = _client(house)
    models = {model.name: model for model in await client.list_models()}
    assert list(models) == json.loads(chain)
    assert [model.available for model in models.values()] == [False, False, True, True]
    assert "nowhere.key" in models["lostkey/gpt-4o"].detail
    assert "not configured" in models["nosuch/x"].detail
    assert models["lostkey/gpt-4o"].context_tokens == 128_000
    assert models["lostkey/gpt-4o"].input_usd_per_million == 2.5
    assert models["nobody/x"].output_usd_per_million == 2.0
    assert models["nobody/x"].output_tokens > 0
    [named] = await client.list_models(["nobody/y"])
    assert (named.name, named.input_usd_per_million) == ("nobody/y", None)
    # A call that comes before LiteLLM is imported waits for it.
    completed = await client.complete("early1/ok/#1", question("rehearsal/failures"))
    assert completed.attempts[0].duration_ms < 3000
    await connection.close()


async def test_configured_price_makes_a_cost(own_house: Callable[..., House]) -> None:
    house = own_house(extra='prices_usd_per_million = { "rehearsal/failures" = [1000000.0, 0.0] }')
    client, connection = _client(house)
    completed = await client.complete("price1/ok/#1", question())
    attempt = completed.attempts[0]
    assert attempt.cost_usd == attempt.input_tokens > 0
    assert len(attempt.prices_hash) == 64
    await connection.close()


async def test_priced_model_has_an_exact_cost(client: GatewayClient) -> None:
    completed = await client.complete("price2/ok/#1", question("priced/gpt-4o"))
    attempt = completed.attempts[0]
    expected = attempt.input_tokens * 2.5e-6 + attempt.output_tokens * 10e-6
    assert attempt.cost_usd == pytest.approx(expected)
    assert not completed.rehearsal


async def test_calls_at_once_are_bounded(own_house: Callable[..., House], rehearsal: Rehearsal) -> None:
    house = own_house(extra="calls_at_once = 2")
    client, connection = _client(house)
    await client.complete("many/ok/#1", question())
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(client.complete(f"many{n}/slow/#1", question())) for n in range(4)]
    starts = sorted(call.result().attempts[0].started_at_ms for call in calls)
    assert starts[2] - starts[0] >= 900
    assert all(len(rehearsal.requests(f"many{n}")) == 1 for n in range(4))
    await connection.close()


async def test_total_time_is_bounded(own_house: Callable[..., House]) -> None:
    house = own_house(extra="total_timeout_s = 0.6")
    client, connection = _client(house)
    with pytest.raises(ModelsFailedError, match="no time left"):
        await client.complete("late/hang/#1", question("rehearsal/failures", "rehearsal/failures:b"))
    await connection.close()
