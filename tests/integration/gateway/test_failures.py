"""Every way to fail that HTTP can show, through the client, the gateway process and LiteLLM."""

import json
import re
import time

import pytest

from octrad.foundation.errors import ConfigurationError, InvalidRequestError
from octrad.gateway.calls import Attempt, Completion, Message, ModelsFailedError, Writing
from octrad.gateway.client import GatewayClient
from tests.integration.gateway.conftest import SCHEMA, Rehearsal, question


def story(attempts: tuple[Attempt, ...]) -> list[str]:
    """Attempts in short: the variant of the model, the outcome, the reason."""
    return [f"{a.model.partition(':')[2]} {a.outcome} {a.reason}".strip() for a in attempts]


async def test_answer_comes_with_its_attempt(client: GatewayClient, rehearsal: Rehearsal) -> None:
    completed = await client.complete("a1/ok/#1", question())
    await client.acknowledge("a1/ok/#1")
    assert json.loads(completed.answer_json) == {"n": 1}
    assert (completed.model, completed.rehearsal) == ("rehearsal/failures", True)
    attempt = completed.attempts[0]
    assert (attempt.outcome, attempt.error, attempt.cost_usd) == ("ok", "", None)
    assert attempt.input_tokens > 0
    assert attempt.output_tokens > 0
    assert abs(attempt.started_at_ms - time.time() * 1000) < 60_000
    assert rehearsal.requests("a1") == [("ok", 1, 200)]


async def test_whole_journey_from_429_to_the_next_model(client: GatewayClient, rehearsal: Rehearsal) -> None:
    told: list[Attempt | Writing] = []

    async def listen(progress: Attempt | Writing) -> None:
        told.append(progress)

    began = time.monotonic()
    chain = question("rehearsal/failures", "rehearsal/failures:good")
    completed = await client.complete("j1/journey/#1", chain, listen)
    assert time.monotonic() - began >= 0.2  # it obeyed retry-after
    assert json.loads(completed.answer_json) == {"n": 2}
    assert story(completed.attempts) == [
        "rate too_many_requests",
        "hallucination not_json",
        "hallucination schema",
        "good ok",
    ]
    # What failed is told as it fails; what brings the answer comes with it.
    assert tuple(told) == completed.attempts[:3]
    assert [(nth, status) for _, nth, status in rehearsal.requests("j1")] == [(1, 429), (2, 200), (3, 200), (4, 200)]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("rate", ["rate too_many_requests"] * 3),
        ("rate-long", ["rate too_many_requests"]),
        ("quota", ["billing payment"]),
        ("s402", ["billing payment"]),
        ("credit", ["billing payment"]),
        ("context", ["context too_long"]),
        ("too-large", ["context too_long"]),
        ("s401", ["auth key"]),
        ("s403", ["auth permission"]),
        ("s400", ["bad_model refused_request"]),
        ("s404", ["bad_model unknown_model"]),
        ("s422", ["bad_model refused_request"]),
        ("s408", ["transient timeout"]),
        ("s500", ["transient server"] * 3),
        ("s502", ["transient server"] * 3),
        ("s529", ["transient server"] * 3),
        ("drop", ["transient connection"] * 3),
        ("broken", ["transient server"] * 3),
        ("cut", ["transient connection"] * 3),
        ("reset", ["transient connection"] * 3),
        ("endless", ["hallucination too_long"] * 2),
        ("compressed", ["transient connection"] * 3),
        ("html-200", ["transient server"] * 3),
        ("html-502", ["transient server"] * 3),
        ("limits-in-headers", ["rate too_many_requests"] * 3),
        ("anthropic-limits-in-headers", ["rate too_many_requests"]),  # a century is not waited for
        ("redirect", ["bad_model redirect"]),
        ("redirect-elsewhere", ["bad_model redirect"]),
        ("refusal", ["hallucination refusal"]),
        ("no-choices", ["hallucination empty"] * 2),
        ("empty", ["hallucination empty"] * 2),
        ("prose", ["hallucination not_json"] * 2),
        ("wrong-schema", ["hallucination schema"] * 2),
        ("length", ["hallucination truncated"] * 2),
        ("hang", ["transient timeout"]),
        ("drip", ["transient timeout"]),
    ],
)
async def test_failure_has_its_class_and_the_next_model_answers(
    client: GatewayClient, rehearsal: Rehearsal, step: str, expected: list[str]
) -> None:
    timeout_s = 1.5 if step in {"hang", "drip"} else 0.0
    asked = question("rehearsal/failures", "rehearsal/failures:good", timeout_s=timeout_s)
    completed = await client.complete(f"f-{step}/{step}/#1", asked)
    assert story(completed.attempts) == [*expected, "good ok"]
    # LiteLLM and its clients made no request of their own.
    assert len(rehearsal.requests(f"f-{step}")) == len(expected) + 1


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("cut", "Not enough data"),
        ("endless", "at most 8,000,000 characters are taken"),
        ("compressed", "the reply is compressed (gzip)"),
        ("drop", "Server disconnected"),
        ("redirect", "is asked at an address that leads elsewhere"),
    ],
)
async def test_lost_reply_is_told_by_what_became_of_it(client: GatewayClient, step: str, words: str) -> None:
    with pytest.raises(ModelsFailedError, match=re.escape(words)):
        await client.complete(f"w-{step}/{step}/#1", question("rehearsal/failures"))


@pytest.mark.parametrize(
    ("step", "answer", "outcomes"),
    [
        ("wrapped", 7, ["ok"]),
        ("repaired", 8, ["hallucination", "ok"]),
        ("recovers", 9, ["transient", "ok"]),
        ("error-in-200", 11, ["rate", "ok"]),
        ("no-response-format", 10, ["bad_model", "ok"]),
    ],
)
async def test_same_model_is_right_after_all(
    client: GatewayClient, step: str, answer: int, outcomes: list[str]
) -> None:
    completed = await client.complete(f"r1/{step}/#1", question("rehearsal/failures"))
    assert json.loads(completed.answer_json) == {"n": answer}
    assert [attempt.outcome for attempt in completed.attempts] == outcomes


async def test_chain_that_fails_tells_every_attempt(client: GatewayClient) -> None:
    asked = question("rehearsal/failures", "rehearsal/failures:b")
    with pytest.raises(ModelsFailedError) as caught:
        await client.complete("c1/s401/#1", asked)
    error = caught.value
    assert (error.failure_class, error.retryable) == ("auth", False)
    assert story(error.attempts) == ["auth key", "b auth key"]
    assert f"no model answered `count`: {asked.chain[0]} refuses the key:" in error.message
    assert f"providers.{asked.chain[1].partition('/')[0]}.key_file" in error.hint
    # The same id is told the same, and costs nothing.
    with pytest.raises(ModelsFailedError) as again:
        await client.complete("c1/s401/#1", asked)
    assert again.value.attempts == error.attempts


async def test_unreachable_provider_is_named_with_its_url(client: GatewayClient) -> None:
    with pytest.raises(ModelsFailedError) as caught:
        await client.complete("u1/ok/#1", question("nobody/model"))
    assert "cannot reach http://127.0.0.1:9/v1" in caught.value.message
    assert "refused" in caught.value.message.lower() or "connect call failed" in caught.value.message.lower()
    assert "http://127.0.0.1:9/v1" in caught.value.hint
    assert caught.value.retryable
    assert story(caught.value.attempts) == ["transient unreachable"] * 3


@pytest.mark.parametrize(
    ("chain", "words"),
    [
        (("nosuch/model",), ["`nosuch/model`", "not configured"]),
        (("rehearsal/failures", "nosuch/model"), ["`nosuch/model`", "not configured"]),
        (("model",), ["`model`", "PROVIDER/MODEL"]),
        (("nokey/model",), ["providers.nokey.key_file is not set"]),
        (("lostkey/model",), ["nowhere.key", "No such file"]),
    ],
)
async def test_configuration_fault_is_named_and_nothing_is_sent(
    client: GatewayClient, rehearsal: Rehearsal, chain: tuple[str, ...], words: list[str]
) -> None:
    task = "cfg-" + "-".join(chain).replace("/", "-")
    with pytest.raises(ConfigurationError) as caught:
        await client.complete(f"{task}/ok/#1", question(*chain))
    assert all(word in caught.value.message for word in words), caught.value.message
    assert caught.value.hint
    assert rehearsal.requests(task) == []


async def test_model_without_key_is_hopped_over(client: GatewayClient) -> None:
    completed = await client.complete("k1/ok/#1", question("lostkey/model", "rehearsal/failures"))
    assert story(completed.attempts) == ["auth key_file", "ok"]


@pytest.mark.parametrize(
    ("task", "completion", "words"),
    [
        ("w1", Completion("count", (), SCHEMA), "without messages"),
        ("w2", Completion("count", (Message("user", "?"),), "{"), "not a JSON schema"),
        ("w3", Completion("count", (Message("user", "?"),), '{"type": "nonsense"}'), "not a JSON schema"),
        ("w4", Completion("count", (Message("robot", "?"),), SCHEMA), "`robot`"),
    ],
)
async def test_wrong_question_is_refused(client: GatewayClient, task: str, completion: Completion, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        await client.complete(f"{task}/ok/#1", completion)


async def test_list_models_says_what_is_known(client: GatewayClient) -> None:
    (model,) = await client.list_models()
    assert (model.name, model.provider, model.available, model.rehearsal) == (
        "rehearsal/failures",
        "rehearsal",
        True,
        True,
    )
    assert (model.input_usd_per_million, model.context_tokens) == (None, 0)
