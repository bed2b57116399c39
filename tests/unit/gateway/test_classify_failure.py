"""Classes of failures: over what providers really answer, as LiteLLM showed it to the adapter, and over the rest."""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.gateway.calls import Outcome
from octrad.gateway.server.classify_failure import ProviderError, classify, is_cut_short
from octrad.gateway.server.validate_answer import Invalid, Said, compile_schema, validate
from tests.provider_errors.cases import AS_SEEN, Case, load_cases

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CASES = load_cases()
SEEN = json.loads(AS_SEEN.read_text(encoding="utf-8"))
CLASSES = [outcome for outcome in Outcome if outcome is not Outcome.OK]


def meaning(case: Case) -> tuple[str, float | None]:
    """What the gateway makes of a case: class and reason, and how long it waits."""
    seen = SEEN[case.id]
    if "said" in seen:
        judged = validate(Said(**seen["said"]), compile_schema('{"type": "object"}'))
        return (f"hallucination {judged.reason}" if isinstance(judged, Invalid) else "ok"), None
    failure = classify(ProviderError(**seen["error"]), NOW)
    return f"{failure.outcome} {failure.reason}", failure.retry_after_s


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_real_error_has_its_class_reason_and_wait(case: Case) -> None:
    assert meaning(case) == (case.expected, case.retry_after_s)


def test_confusion_matrix_is_diagonal() -> None:
    counts = Counter((case.expected_class, meaning(case)[0].partition(" ")[0]) for case in CASES.values())
    rows = [f"{name:>14} " + " ".join(f"{counts[name, got]:>13}" for got in CLASSES) for name in CLASSES]
    matrix = "\n".join([f"{'expected':>14} " + " ".join(f"{got:>13}" for got in CLASSES), *rows])
    assert all(expected == got for expected, got in counts), f"\n{matrix}"
    assert {expected for expected, _ in counts} == set(CLASSES)
    assert counts.total() >= 100


def test_what_is_told_of_an_error_is_the_provider_s_own_sentence() -> None:
    told = {case: classify(ProviderError(**SEEN[case]["error"]), NOW).error for case in SEEN if "error" in SEEN[case]}
    assert told["gemini/country"] == "User location is not supported for the API use."
    assert told["anthropic/wrong key"] == "invalid x-api-key"
    assert told["ollama/too little memory"].startswith("model requires more system memory")
    assert "temporarily rate-limited upstream" in told["openrouter/limited upstream"]
    assert "insufficient credits" not in told["openrouter/moderation"]  # what was asked


# What no provider of the cases says in these words: LiteLLM's own errors, proxies, and servers that speak alike.
@pytest.mark.parametrize(
    ("exception", "status", "text", "expected"),
    [
        ("RateLimitError", 429, "slow down", "rate too_many_requests"),
        ("ContextWindowExceededError", 400, "too big", "context too_long"),
        ("APIError", 413, "Entity", "context too_long"),
        ("APIError", 403, "no", "auth permission"),
        ("APIError", 402, "", "billing payment"),
        ("BadRequestError", 400, "LLM Provider NOT provided", "bad_model refused_request"),
        ("BadRequestError", 422, "unprocessable", "bad_model refused_request"),
        ("UnsupportedParamsError", 400, "x doesn't support temperature=0.2", "bad_model parameter:temperature"),
        ("ContentPolicyViolationError", 400, "flagged", "hallucination refusal"),
        ("BadRequestError", 400, "blocked by the content management policy", "hallucination refusal"),
        ("BadGatewayError", 502, "", "transient server"),
        ("Timeout", 408, "timed out", "transient timeout"),
        ("APIConnectionError", 500, "Expecting value", "transient server"),
        ("APIError", 429, "an error object in a 200", "rate too_many_requests"),
        ("JSONDecodeError", 0, "whatever a library raises", "transient server"),
        ("BadRequestError", 400, 'the input {"error": "insufficient credits"', "billing payment"),
        ("BadRequestError", 400, '{"error": {"message": ["no", "text"]}}', "bad_model refused_request"),
        ("BadRequestError", 400, "{" * 5000, "bad_model refused_request"),
        ("BadRequestError", 400, '{"a":' * 50_000, "bad_model refused_request"),
    ],
)
def test_failure_has_its_class(exception: str, status: int, text: str, expected: str) -> None:
    failure = classify(ProviderError(exception, status, text, "", {}), NOW)
    assert f"{failure.outcome} {failure.reason}" == expected


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        ("ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 9)", "unreachable"),
        ("gaierror: [Errno -2] Name or service not known", "unreachable"),
        ("ServerDisconnectedError: Server disconnected", "connection"),
        ("ConnectionResetError: [Errno 104] Connection reset by peer", "connection"),
    ],
)
def test_cause_of_a_lost_connection_is_told_apart(cause: str, reason: str) -> None:
    failure = classify(ProviderError("InternalServerError", 500, "Connection error.", cause, {}), NOW)
    assert (failure.outcome, failure.reason) == (Outcome.TRANSIENT, reason)


@given(
    st.text(),
    st.integers(0, 999),
    st.text()
    | st.recursive(st.none() | st.text(), lambda part: st.lists(part) | st.dictionaries(st.text(), part)).map(
        json.dumps
    ),
    st.text(),
    st.dictionaries(st.sampled_from(["retry-after", "x-ratelimit-remaining"]), st.text()),
)
def test_anything_gets_a_class_that_is_not_ok(
    exception: str, status: int, text: str, cause: str, headers: dict[str, str]
) -> None:
    failure = classify(ProviderError(exception, status, text, cause, headers), NOW)
    assert failure.outcome is not Outcome.OK
    assert failure.retry_after_s is None or failure.retry_after_s >= 0


@pytest.mark.parametrize(
    ("status", "text", "cut_short"),
    [
        (400, "Could not finish the message because max_tokens or model output limit was reached", True),
        (400, "Invalid 'max_output_tokens': integer below minimum value", True),
        (422, "max_completion_tokens must be at least 16", True),
        (400, "no such model", False),
        (429, "max_tokens exceed your limit of tokens per min", False),
    ],
)
def test_refusal_of_a_short_answer_is_known(status: int, text: str, *, cut_short: bool) -> None:
    assert is_cut_short(ProviderError("BadRequestError", status, text, "", {})) == cut_short
