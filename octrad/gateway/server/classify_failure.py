"""What a failed request to a provider means: one class, a finer reason, and how long to wait. Pure.

Providers disagree in statuses and LiteLLM in exception classes, so texts decide first: billing, then context. What is
known of each provider was measured; the tests hold the table.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from octrad.gateway.calls import Outcome

_BILLING = re.compile(
    r"insufficient_quota|insufficient[ _]balance|insufficient credits|credit balance|exceeded your current quota"
    r"|billing|payment required|requires more credits|out of credits",
    re.IGNORECASE,
)
_CONTEXT = re.compile(
    r"context[ _-]?(length|window|size)|maximum context|prompt is too long|input is too long|reduce the length"
    r"|exceeds the maximum number of tokens|request_too_large|request too large|payload too large",
    re.IGNORECASE,
)
# "Request too large … on tokens per min" is OpenAI's 429 for a request that exceeds the limit alone: no wait helps, so
# it counts as context.
_REFUSAL = re.compile(r"content[ _]?(filter|policy|management)|safety system", re.IGNORECASE)
# Parameters that we can do without, as the texts of refusals name them.
_PARAMETERS = {
    "stream": re.compile(r"stream_options|did not stream|stream(ing)? (is )?not supported", re.IGNORECASE),
    "response_format": re.compile(r"response_format|json_schema|json_object|output_format", re.IGNORECASE),
    "temperature": re.compile(r"temperature", re.IGNORECASE),
}
PARAMETER_REASON = "parameter:"

_OF_EXCEPTION: Mapping[str, tuple[Outcome, str]] = {
    "ContextWindowExceededError": (Outcome.CONTEXT, "too_long"),
    "ContentPolicyViolationError": (Outcome.HALLUCINATION, "refusal"),
    "AuthenticationError": (Outcome.AUTH, "key"),
    "PermissionDeniedError": (Outcome.AUTH, "permission"),
    "NotFoundError": (Outcome.BAD_MODEL, "unknown_model"),
    "RateLimitError": (Outcome.RATE, "too_many_requests"),
    "Timeout": (Outcome.TRANSIENT, "timeout"),
}
_OF_STATUS: Mapping[int, tuple[Outcome, str]] = {
    401: (Outcome.AUTH, "key"),
    402: (Outcome.BILLING, "payment"),
    403: (Outcome.AUTH, "permission"),
    404: (Outcome.BAD_MODEL, "unknown_model"),
    408: (Outcome.TRANSIENT, "timeout"),
    413: (Outcome.CONTEXT, "too_long"),
    429: (Outcome.RATE, "too_many_requests"),
}
_REFUSED = frozenset({400, 422})
_UNREACHABLE = re.compile(
    r"cannot connect|connection refused|connect call failed|all connection attempts failed|name or service not known"
    r"|nodename nor servname|no route to host|temporary failure in name resolution|network is unreachable",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ProviderError:
    """What the adapter saw.

    Args:
        exception: the class of LiteLLM's exception.
        status: of HTTP, or what LiteLLM takes for it; 0 where there is none.
        text: what the provider said.
        cause: what lies at the ground of it, in the words of the operating system; empty where nothing does.
        headers: of the reply, names in lower case.
    """

    exception: str
    status: int
    text: str
    cause: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Failure:
    """What it means. `retry_after_s` is the provider's own word, None where it said nothing."""

    outcome: Outcome
    reason: str
    error: str
    retry_after_s: float | None = None


def classify(error: ProviderError, now: datetime) -> Failure:
    """Returns the meaning of a failed request. `now` serves retry-after dates."""
    outcome, reason = _outcome(error)
    wait_s = retry_after_s(error.headers, now) if outcome in {Outcome.RATE, Outcome.TRANSIENT} else None
    return Failure(outcome, reason, error.text, wait_s)


def _outcome(error: ProviderError) -> tuple[Outcome, str]:
    for pattern, text, meaning in (
        (_UNREACHABLE, error.cause, (Outcome.TRANSIENT, "unreachable")),
        (_BILLING, error.text, (Outcome.BILLING, "payment")),
        (_CONTEXT, error.text, (Outcome.CONTEXT, "too_long")),
    ):
        if pattern.search(text):
            return meaning
    if error.status in _REFUSED and error.exception not in _OF_EXCEPTION:
        return _refused(error.text)
    # LiteLLM says 500 also where no reply came at all.
    otherwise = (Outcome.TRANSIENT, "connection" if error.cause else "server")
    return _OF_EXCEPTION.get(error.exception) or _OF_STATUS.get(error.status) or otherwise


def _refused(text: str) -> tuple[Outcome, str]:
    if _REFUSAL.search(text):
        return Outcome.HALLUCINATION, "refusal"
    parameter = next((name for name, pattern in _PARAMETERS.items() if pattern.search(text)), None)
    return Outcome.BAD_MODEL, "refused_request" if parameter is None else PARAMETER_REASON + parameter


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Returns the seconds that `retry-after-ms` or `retry-after` (seconds or a date, RFC 9110 §10.2.3) ask for."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return float(text) / scale
    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
    except (TypeError, ValueError):
        return None
    return max(0.0, (date - now).total_seconds()) if date.tzinfo is not None else None
