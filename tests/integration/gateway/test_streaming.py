"""Long answers come as streams: what they say and cost is what it would be whole, and one that breaks is a failure."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from octrad.foundation.once.connection import ServantConnection
from octrad.gateway.calls import Attempt, Writing
from octrad.gateway.client import GatewayClient
from tests.integration.gateway.conftest import House, Rehearsal, question
from tests.integration.gateway.streaming_provider import ANSWER, streaming_provider

MODELS = ("openai/gpt-4o", "anthropic/claude-sonnet-5", "ollama/qwen3:8b", "deepseek/deepseek-chat")


def providers_at(url: str, key_file: Path) -> str:
    """Sections whose providers break no breaker: what one model did wrong is not held against another."""
    paths = {"openai": "/v1", "anthropic": "", "ollama": "", "deepseek": ""}
    return "\n".join(
        f'[providers.{kind}]\nkind = "{kind}"\nbase_url = "{url}{path}"\nkey_file = "{key_file}"'
        for kind, path in paths.items()
    )


async def test_streamed_answer_says_and_costs_what_a_whole_one_does(
    own_house: Callable[..., House], tmp_path: Path
) -> None:
    async with streaming_provider() as provider:
        house = own_house(providers=providers_at(provider.url, tmp_path / "canary.key"))
        connection = ServantConnection("gateway", house.state_dir, house.config)
        client = GatewayClient(connection)
        for model in MODELS:
            whole = await client.complete(f"whole/{model}/#1", question(model))
            streamed = await client.complete(f"streamed/{model}/#1", replace(question(model), long=True))
            assert json.loads(streamed.answer_json) == json.loads(whole.answer_json) == json.loads(ANSWER)
            first, second = (replace(one.attempts[0], duration_ms=0, started_at_ms=0) for one in (whole, streamed))
            assert first == second
            assert first.input_tokens > 0
            assert (first.cost_usd is None) == model.startswith("ollama/")
        assert provider.streams == len(MODELS)
        await connection.close()


async def test_broken_stream_is_tried_again_and_hopped_over(own_house: Callable[..., House], tmp_path: Path) -> None:
    async with streaming_provider() as provider:
        house = own_house(providers=providers_at(provider.url, tmp_path / "canary.key"))
        connection = ServantConnection("gateway", house.state_dir, house.config)
        client = GatewayClient(connection)
        for breaks in ("ends", "drops"):
            provider.breaks = breaks
            for model in MODELS[:3]:
                asked = replace(question(model, "rehearsal/failures:good"), long=True)
                completed = await client.complete(f"{breaks}/{model}/#1", asked)
                assert [attempt.outcome for attempt in completed.attempts][-1] == "ok"
                failed = completed.attempts[:-1]
                assert {attempt.outcome for attempt in failed} == {"transient"}, failed
        await connection.close()


async def test_stalled_stream_is_a_timeout(own_house: Callable[..., House], tmp_path: Path) -> None:
    async with streaming_provider() as provider:
        provider.breaks = "stalls"
        house = own_house(extra="long_timeout_s = 2", providers=providers_at(provider.url, tmp_path / "canary.key"))
        connection = ServantConnection("gateway", house.state_dir, house.config)
        client = GatewayClient(connection)
        for model in MODELS[:3]:
            asked = replace(question(model, "priced/gpt-4o"), long=True)
            completed = await client.complete(f"stalls/{model}/#1", asked)
            stalled, answered = completed.attempts
            assert (stalled.outcome, stalled.reason, stalled.error) == (
                "transient",
                "timeout",
                "nothing came for 2 s",
            )
            assert answered.outcome == "ok"
        await connection.close()


async def test_provider_that_does_not_stream_is_asked_for_a_whole_answer(
    own_house: Callable[..., House], tmp_path: Path
) -> None:
    async with streaming_provider() as provider:
        provider.breaks = "never"
        house = own_house(providers=providers_at(provider.url, tmp_path / "canary.key"))
        connection = ServantConnection("gateway", house.state_dir, house.config)
        client = GatewayClient(connection)
        for number, expected in enumerate((["bad_model", "ok"], ["ok"])):
            asked = replace(question("openai/gpt-4o"), long=True)
            completed = await client.complete(f"never{number}/count/#1", asked)
            assert [attempt.outcome for attempt in completed.attempts] == expected
        await connection.close()


async def test_growing_answer_is_told_and_may_take_longer_than_a_pause(
    client: GatewayClient, rehearsal: Rehearsal
) -> None:
    told: list[Attempt | Writing] = []

    async def hear(progress: Attempt | Writing) -> None:
        told.append(progress)

    asked = replace(question("rehearsal/failures", timeout_s=2.5), long=True)
    completed = await client.complete("grow1/trickle/#1", asked, hear)
    assert json.loads(completed.answer_json)["n"] == 12
    [attempt] = completed.attempts
    assert attempt.duration_ms > 2500
    characters = [one.characters for one in told if isinstance(one, Writing)]
    assert characters
    assert characters == sorted(characters)
    assert characters[-1] <= len(completed.answer_json)
    assert len(characters) <= attempt.duration_ms / 1000
    assert len(rehearsal.requests("grow1")) == 1


@pytest.mark.parametrize("step", ["hang", "s500"])
async def test_rehearsed_failure_of_a_stream_has_its_class(client: GatewayClient, step: str) -> None:
    asked = question("rehearsal/failures", "rehearsal/failures:good", timeout_s=1.5 if step == "hang" else 0)
    completed = await client.complete(f"stream-{step}/{step}/#1", replace(asked, long=True))
    assert {attempt.outcome for attempt in completed.attempts[:-1]} == {"transient"}
    assert json.loads(completed.answer_json) == {"n": 2}
