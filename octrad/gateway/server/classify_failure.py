"""What a failed request to a provider means: one class, a finer reason, and how long to wait. Pure.

Providers disagree in statuses and LiteLLM in exception classes, so what they say decides first, in this order: billing,
context, then the other words below; after them the exception's class; after that the status. `tests/provider_errors/`
holds what each provider really answers, and the tests show where a change here moves it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from octrad.gateway.calls import Outcome
from octrad.gateway.server.provider_words import ProviderWords, read_words
from octrad.gateway.server.retry_after import retry_after_s

# Gemini's word for a limit that is full again within a minute or a day is OpenAI's for an account without credit.
# Only where the limit is 0 it means that nothing but money helps.
_NO_FREE_TIER = re.compile(r"quota exceeded for metric.*\blimit: 0\b", re.IGNORECASE)
_GEMINI_QUOTA = re.compile(r"current quota.*ai\.google\.dev/gemini-api/docs/rate-limits", re.IGNORECASE | re.DOTALL)
# Phrases rather than words: a validation error may repeat a question about billing.
_BILLING = re.compile(
    r"insufficient[ _](?:quota|balance|credits|funds)|credit balance|exceeded your current quota|payment required"
    r"|billing_(?:not_active|error|hard_limit)|billing (?:details|hard limit|or payment)|enable billing"
    r"|requires more credits|out of credits|credits are depleted|reached your specified api usage limits",
    re.IGNORECASE,
)
_CONTEXT = re.compile(
    r"context[ _-]?(?:length|window|size|limit)|maximum context|(?:prompt|input) (?:is )?too long"
    r"|content': string too long|reduce the length|exceeds the maximum number of tokens"
    r"|max_tokens must be at least 1, got -"
    # OpenAI's "Request too large … on tokens per min" is a 429 for what exceeds the limit alone: no wait helps.
    r"|request_too_large|request too large|payload too large",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"content[ _]?(?:filter|policy|management)|safety system|usage policy|content exists risk"
    r"|input was flagged|requires moderation",
    re.IGNORECASE,
)
_WRONG_KEY = re.compile(r"api_key_invalid|api key not (?:valid|found)", re.IGNORECASE)
_NOT_ALLOWED = re.compile(r"location is not supported|organization has been disabled", re.IGNORECASE)
_UNKNOWN_MODEL = re.compile(r"model not exist|not a valid model id|does not have access to model", re.IGNORECASE)
_CANNOT_LOAD = re.compile(r"requires more system memory|error loading model|failed to load model", re.IGNORECASE)
# Parameters that we can do without, as the texts of refusals name them.
_PARAMETERS = {
    "stream": re.compile(r"stream_options|did not stream|stream(ing)? (is )?not supported", re.IGNORECASE),
    "response_format": re.compile(r"response_format|json[ _]schema|json_object|output_format|grammar", re.IGNORECASE),
    "temperature": re.compile(r"temperature", re.IGNORECASE),
}
PARAMETER_REASON = "parameter:"
# What is said to a question that leaves less room for its answer than the model takes.
_CUT_SHORT = re.compile(r"max_(completion_|output_)?tokens|output limit", re.IGNORECASE)

_OF_WORDS: tuple[tuple[re.Pattern[str], tuple[Outcome, str]], ...] = (
    (_NO_FREE_TIER, (Outcome.BILLING, "payment")),
    (_GEMINI_QUOTA, (Outcome.RATE, "too_many_requests")),
    (_BILLING, (Outcome.BILLING, "payment")),
    (_CONTEXT, (Outcome.CONTEXT, "too_long")),
    (_CANNOT_LOAD, (Outcome.BAD_MODEL, "cannot_load")),
)
# Of statuses that say only that the request was refused.
_OF_REFUSING_WORDS: tuple[tuple[re.Pattern[str], tuple[Outcome, str]], ...] = (
    (_REFUSAL, (Outcome.HALLUCINATION, "refusal")),
    (_WRONG_KEY, (Outcome.AUTH, "key")),
    (_NOT_ALLOWED, (Outcome.AUTH, "permission")),
    (_UNKNOWN_MODEL, (Outcome.BAD_MODEL, "unknown_model")),
)

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
# Not followed: the question would go to wherever it leads.
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REFUSED = frozenset({400, 422})
_REFUSING = _REFUSED | {403}
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
    """Returns the meaning of a failed request. `now` serves dates in headers."""
    words = read_words(error.text)
    outcome, reason = _outcome(error, words)
    waits = outcome in {Outcome.RATE, Outcome.TRANSIENT}
    wait_s = retry_after_s(error.headers, words.message, now) if waits else None
    # Of a lost connection LiteLLM says no more than that.
    told = error.cause.partition(": ")[2] or error.cause if reason == "connection" else words.message
    return Failure(outcome, reason, told, wait_s)


def is_cut_short(error: ProviderError) -> bool:
    """Whether nothing is wrong but that the answer was to be too short."""
    return error.status in _REFUSED and _CUT_SHORT.search(error.text) is not None


def _outcome(error: ProviderError, words: ProviderWords) -> tuple[Outcome, str]:
    if _UNREACHABLE.search(error.cause):
        return Outcome.TRANSIENT, "unreachable"
    said = _first(_OF_WORDS, words.all)
    if said is None and error.status in _REFUSING:
        said = _first(_OF_REFUSING_WORDS, words.all)
    if said is not None:
        return said
    if error.status in _REDIRECTS:
        return Outcome.BAD_MODEL, "redirect"
    if error.status in _REFUSED and error.exception not in _OF_EXCEPTION:
        return Outcome.BAD_MODEL, _refused_for(words.all)
    # LiteLLM says 500 also where no reply came at all.
    otherwise = (Outcome.TRANSIENT, "connection" if error.cause else "server")
    return _OF_EXCEPTION.get(error.exception) or _OF_STATUS.get(error.status) or otherwise


def _first(patterns: tuple[tuple[re.Pattern[str], tuple[Outcome, str]], ...], text: str) -> tuple[Outcome, str] | None:
    return next((meaning for pattern, meaning in patterns if pattern.search(text)), None)


def _refused_for(text: str) -> str:
    parameter = next((name for name, pattern in _PARAMETERS.items() if pattern.search(text)), None)
    return "refused_request" if parameter is None else PARAMETER_REASON + parameter
