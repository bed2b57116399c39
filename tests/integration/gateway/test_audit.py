"""An audit of a chain through the gateway process: counted for real, keys tried over real HTTP, once an hour."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import tiktoken
from aiohttp import web

from octrad.foundation.errors import ConfigurationError, InvalidRequestError
from octrad.foundation.once.connection import ServantConnection
from octrad.gateway.audits import Audit, AuditedModel, RateLimit
from octrad.gateway.calls import Completion, Message, ModelRole, Outcome
from octrad.gateway.client import GatewayClient
from octrad.gateway.server.count_tokens import count_tokens
from octrad.gateway.server.load_litellm import LazyLiteLLM
from octrad.gateway.server.prices import price_file
from octrad.gateway.server.question_messages import with_schema
from tests.integration.gateway.conftest import CANARY, SCHEMA, House, Rehearsal, question

LONG = "def answer() -> int:\n    return 42\n\n"
UNKNOWN_WINDOW = "how much it can hold is not known"


@pytest.fixture
async def fresh(own_house: Callable[..., House]) -> AsyncIterator[GatewayClient]:
    """A gateway that has tried no key yet."""
    house = own_house()
    connection = ServantConnection("gateway", house.state_dir, house.config)
    yield GatewayClient(connection)
    await connection.close()


async def audit(client: GatewayClient, *chain: str, probe: bool = True) -> tuple[AuditedModel, ...]:
    return await judge(client, Audit(chain, (question(),), probe))


async def judge(client: GatewayClient, asked: Audit) -> tuple[AuditedModel, ...]:
    """The models of the one chain that is asked."""
    (found,) = await client.audit(asked)
    return found.models


async def test_tokens_are_counted_with_the_schema_by_the_models_own_tokenizer(
    client: GatewayClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str((price_file() or Path()).parent / "litellm_core_utils" / "tokenizers"))
    asked = Completion("work", (Message("system", "You write."), Message("user", LONG * 500)), SCHEMA)
    own, other = await judge(client, Audit(("priced/gpt-4o", "rehearsal/failures"), (asked,), probe=False))
    contents = [message.content for message in with_schema(asked.messages, SCHEMA)]
    expected = sum(len(tiktoken.get_encoding("o200k_base").encode(content)) for content in contents)
    (counted,) = own.questions
    assert counted.question == "work"
    # The roles, what stands around each message, and where LiteLLM cuts long texts to count them.
    assert expected < counted.input_tokens < expected * 1.01
    assert (own.approximate, other.approximate) == (False, True)
    assert other.questions == own.questions


async def test_counting_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    litellm = await LazyLiteLLM().module()

    def refuse(*_: object) -> None:
        raise AssertionError("a tokenizer is to be fetched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name in ("gpt-4o", "gpt-4"):
        counted = await asyncio.to_thread(count_tokens, litellm, name, [Message("user", "How many?")])
        assert 3 < counted < 20


async def test_facts_of_a_priced_model_are_told_with_where_they_come_from(client: GatewayClient) -> None:
    (found,) = await audit(client, "priced/gpt-4o", probe=False)
    assert found.viable
    assert (found.hindrances, found.remarks, found.probed) == ((), (), None)
    assert (found.model.context_tokens, found.model.output_tokens) == (128_000, 16_384)
    assert (found.model.input_usd_per_million, found.model.output_usd_per_million) == (2.5, 10.0)
    assert found.prices_from.startswith("LiteLLM 1.")


async def test_configured_prices_say_so(own_house: Callable[..., House]) -> None:
    house = own_house(extra='prices_usd_per_million = { "rehearsal/failures" = [1.0, 2.0] }')
    connection = ServantConnection("gateway", house.state_dir, house.config)
    priced, unpriced = await audit(GatewayClient(connection), "rehearsal/failures", "nobody/x")
    await connection.close()
    assert (priced.prices_from, priced.model.output_usd_per_million) == ("configured", 2.0)
    assert (unpriced.prices_from, unpriced.model.output_usd_per_million) == ("", None)


async def test_question_that_does_not_fit_stands_in_the_way_and_names_the_numbers(client: GatewayClient) -> None:
    long = Completion("work", (Message("user", LONG * 12_000),), SCHEMA)
    (found,) = await judge(client, Audit(("priced/gpt-4o",), (question(), long), probe=False))
    (hindrance,) = found.hindrances
    assert hindrance.outcome is Outcome.CONTEXT
    assert "75 % of its 128,000" in hindrance.words
    (same,) = await judge(
        client, Audit(("priced/gpt-4o",), (question(), long), probe=False, may_come_up=frozenset({"work"}))
    )
    assert same.viable
    assert same.remarks[0].startswith("may come up: `work` takes")


async def test_limits_of_a_key_are_asked_for_once_and_no_question_is_sent(
    fresh: GatewayClient, rehearsal: Rehearsal
) -> None:
    before = len(rehearsal.requests("audit"))
    first, second = await asyncio.gather(*(audit(fresh, "keyed/limits", "keyed/limits:other") for _ in range(2)))
    assert len(rehearsal.requests("audit")) == before + 1, "two models and two audits make one call of one provider"
    (later, _) = await audit(fresh, "keyed/limits", "keyed/limits:other")
    assert len(rehearsal.requests("audit")) == before + 1
    limits = (RateLimit("requests", 500, 499, 0.12), RateLimit("tokens", 30_000, 29_990, 360.0))
    told = [found.probed for found in (*first, *second, later)]
    assert all(probed and (probed.outcome, probed.limits) == (Outcome.OK, limits) for probed in told)
    assert sorted(probed.earlier for probed in told[::2] if probed) == [False, True, True]
    assert {probed.model for probed in told if probed} == {"keyed/limits"}


async def test_each_chain_is_judged_once_by_the_questions_of_the_roles_that_ask_it(
    own_house: Callable[..., House], rehearsal: Rehearsal
) -> None:
    roles = """[models.roles]
worker = ["nobody/x", "priced/gpt-4o"]
reviewer = ["keyed/limits", "rehearsal/failures"]
advisor = ["rehearsal/failures", "keyed/limits"]
"""
    house = own_house(chain='["keyed/limits", "rehearsal/failures"]', extra=roles)
    connection = ServantConnection("gateway", house.state_dir, house.config)
    client = GatewayClient(connection)
    long = Completion("work", (Message("user", LONG * 12_000),), SCHEMA, role=ModelRole.WORKER)
    asked = [
        *(replace(question(), question=role.value, role=role) for role in ModelRole if role is not ModelRole.WORKER),
        long,
    ]
    before = len(rehearsal.requests("audit"))
    common, advisors, workers = await client.audit(Audit((), tuple(asked), probe=True))
    assert len(rehearsal.requests("audit")) == before + 2, "one call a provider with a key, however many chains name it"
    assert common.roles == (ModelRole.BOSS, ModelRole.MANAGER, ModelRole.REVIEWER)
    assert common.keys == ("models.chain", "models.roles.reviewer")
    assert (advisors.roles, advisors.keys) == ((ModelRole.ADVISOR,), ("models.roles.advisor",))
    assert (workers.roles, workers.keys) == ((ModelRole.WORKER,), ("models.roles.worker",))
    assert [one.question for one in common.models[0].questions] == ["boss", "manager", "reviewer"]
    assert [one.question for one in workers.models[0].questions] == ["work"]
    assert [model.model.name for model in workers.models if model.viable] == ["nobody/x"]
    assert all(model.viable for model in (*common.models, *advisors.models))

    (named,) = await client.audit(Audit(("keyed/limits",), tuple(asked), probe=False))
    await connection.close()
    assert (named.roles, named.keys) == ((*common.roles, ModelRole.ADVISOR, ModelRole.WORKER), ("--model",))


async def test_without_probes_nobody_is_asked_and_a_provider_without_a_key_never_is(
    client: GatewayClient, rehearsal: Rehearsal
) -> None:
    before = len(rehearsal.requests("audit"))
    (without,) = await audit(client, "keyed/limits:busy", probe=False)
    keyless, unreachable = await audit(client, "rehearsal/limits", "nobody/x")
    assert [found.probed for found in (without, keyless, unreachable)] == [None, None, None]
    assert len(rehearsal.requests("audit")) == before


@pytest.mark.parametrize(
    ("model", "outcome", "words"),
    [
        ("keyed/limits:refused", Outcome.AUTH, "the provider refuses the key: Incorrect API key provided: [key]"),
        ("keyed/limits:unpaid", Outcome.BILLING, "the account of the key cannot pay: You exceeded"),
        ("keyed/limits:gone", Outcome.BAD_MODEL, "the provider does not take the model: no such model"),
        ("keyed/limits:small", Outcome.CONTEXT, "the key may send 20 at a time"),
    ],
)
async def test_what_the_provider_says_to_the_key_is_a_finding(
    fresh: GatewayClient, model: str, outcome: Outcome, words: str
) -> None:
    (found,) = await audit(fresh, model)
    assert [hindrance.outcome for hindrance in found.hindrances] == [outcome]
    assert words in found.hindrances[0].words
    assert CANARY not in repr(found)


async def test_failure_of_the_moment_is_remarked_on_and_tried_again(fresh: GatewayClient, rehearsal: Rehearsal) -> None:
    before = len(rehearsal.requests("audit"))
    for asked in (1, 2):
        (found,) = await audit(fresh, "keyed/limits:busy")
        assert found.viable
        assert "the provider could not be tried: come back later" in found.remarks
        assert len(rehearsal.requests("audit")) == before + asked


async def test_model_that_refuses_so_short_an_answer_has_taken_the_key(fresh: GatewayClient) -> None:
    (found,) = await audit(fresh, "keyed/limits:thinker")
    assert found.viable
    assert found.probed is not None
    assert (found.probed.outcome, found.probed.limits) == (Outcome.OK, (RateLimit("requests", 7),))


async def test_refused_key_is_that_of_all_models_of_its_provider(fresh: GatewayClient) -> None:
    refused, other, apart = await audit(fresh, "keyed/limits:refused", "keyed/limits", "rehearsal/limits")
    assert [found.viable for found in (refused, other, apart)] == [False, False, True]


async def test_missing_key_is_named_and_not_tried(client: GatewayClient, rehearsal: Rehearsal) -> None:
    before = len(rehearsal.requests("audit"))
    lost, unset = await audit(client, "lostkey/limits", "nokey/limits")
    assert [found.hindrances[0].outcome for found in (lost, unset)] == [Outcome.AUTH, Outcome.AUTH]
    assert "nowhere.key" in lost.hindrances[0].words
    assert "providers.nokey.key_file is not set" in unset.hindrances[0].words
    assert len(rehearsal.requests("audit")) == before


async def test_unknown_window_stands_in_no_way(client: GatewayClient) -> None:
    (found,) = await audit(client, "rehearsal/failures")
    assert found.viable
    assert found.remarks[0].startswith(UNKNOWN_WINDOW)


async def test_chain_that_cannot_be_asked_is_refused_as_a_whole(client: GatewayClient) -> None:
    with pytest.raises(ConfigurationError, match="`nosuch/model`"):
        await audit(client, "rehearsal/failures", "nosuch/model")


async def test_schema_that_is_none_is_refused(client: GatewayClient) -> None:
    with pytest.raises(InvalidRequestError, match="not a JSON schema"):
        await judge(client, Audit((), (question(schema="{"),), probe=False))


async def test_limits_of_anthropic_are_read_and_it_is_sent_two_words(
    own_house: Callable[..., House], tmp_path: Path
) -> None:
    seen: list[dict[str, object]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(await request.json())
        body = {
            "id": "m",
            "type": "message",
            "role": "assistant",
            "model": "claude",
            "content": [{"type": "text", "text": "H"}],
            "stop_reason": "max_tokens",
            "usage": {"input_tokens": 8, "output_tokens": 1},
        }
        headers = {
            "anthropic-ratelimit-requests-limit": "50",
            "anthropic-ratelimit-requests-remaining": "49",
            "anthropic-ratelimit-input-tokens-limit": "40000",
        }
        return web.json_response(body, headers=headers)

    app = web.Application()
    app.router.add_post("/v1/messages", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    section = f'[providers.anthropic]\nkind = "anthropic"\nbase_url = "{url}"\nkey_file = "{tmp_path}/canary.key"'
    house = own_house(providers=section)
    connection = ServantConnection("gateway", house.state_dir, house.config)
    (found,) = await audit(GatewayClient(connection), "anthropic/claude-sonnet-4-5")
    await connection.close()
    await runner.cleanup()
    assert found.probed is not None
    assert found.probed.limits == (RateLimit("input-tokens", 40_000), RateLimit("requests", 50, 49))
    (sent,) = seen
    assert (sent["max_tokens"], len(str(sent["messages"])) < 100) == (1, True)
    assert "How many?" not in str(sent)
