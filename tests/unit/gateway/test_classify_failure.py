from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.gateway.calls import Outcome
from octrad.gateway.server.classify_failure import ProviderError, classify, is_cut_short, retry_after_s

NOW = datetime(2026, 1, 1, tzinfo=UTC)


# LiteLLM 1.102.4, as measured for each provider: class, status, text → outcome, reason.
@pytest.mark.parametrize(
    ("exception", "status", "text", "expected"),
    [
        ("RateLimitError", 429, "slow down", "rate too_many_requests"),
        ("RateLimitError", 429, "Rate limit reached on tokens per min (TPM)", "rate too_many_requests"),
        ("RateLimitError", 429, "You exceeded your current quota (insufficient_quota)", "billing payment"),
        ("ContextWindowExceededError", 400, "too big", "context too_long"),
        ("BadRequestError", 400, "prompt too long; exceeded max context length by 5 tokens", "context too_long"),
        ("BadRequestError", 400, "prompt is too long: 210000 tokens > 200000 maximum", "context too_long"),
        ("RateLimitError", 413, "Request too large for gpt-4o", "context too_long"),
        ("BadRequestError", 413, "request_too_large: Request exceeds the maximum size", "context too_long"),
        ("APIError", 413, "Entity", "context too_long"),
        ("AuthenticationError", 401, "bad key", "auth key"),
        ("APIError", 403, "no", "auth permission"),
        ("PermissionDeniedError", 403, "no", "auth permission"),
        ("APIError", 402, "This request requires more credits", "billing payment"),
        ("APIError", 402, "Insufficient Balance", "billing payment"),
        ("APIError", 402, "", "billing payment"),
        ("BadRequestError", 400, "Your credit balance is too low", "billing payment"),
        ("NotFoundError", 404, "model: x", "bad_model unknown_model"),
        ("BadRequestError", 400, "LLM Provider NOT provided", "bad_model refused_request"),
        ("BadRequestError", 422, "unprocessable", "bad_model refused_request"),
        ("UnsupportedParamsError", 400, "x doesn't support temperature=0.2", "bad_model parameter:temperature"),
        ("BadRequestError", 400, "Invalid parameter: response_format", "bad_model parameter:response_format"),
        ("ContentPolicyViolationError", 400, "flagged", "hallucination refusal"),
        ("BadRequestError", 400, "blocked by the content management policy", "hallucination refusal"),
        ("InternalServerError", 500, "oops", "transient server"),
        ("BadGatewayError", 502, "", "transient server"),
        ("ServiceUnavailableError", 503, "", "transient server"),
        ("APIError", 529, "Overloaded", "transient server"),
        ("Timeout", 408, "timed out", "transient timeout"),
        ("APIConnectionError", 500, "Expecting value", "transient server"),
        ("APIError", 429, "an error object in a 200", "rate too_many_requests"),
        ("JSONDecodeError", 0, "whatever a library raises", "transient server"),
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


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 2026 00:00:30 GMT"}, 30.0),
        ({"retry-after": "Wed, 31 Dec 2025 00:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
    ],
)
def test_retry_after_is_read(headers: dict[str, str], expected: float | None) -> None:
    assert retry_after_s(headers, NOW) == expected


@given(st.text(), st.integers(0, 999), st.text(), st.text(), st.dictionaries(st.just("retry-after"), st.text()))
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
