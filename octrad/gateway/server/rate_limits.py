"""Reads the limits of a key from the headers of a reply. Pure; what a provider writes wrongly is left out.

OpenAI and those like it (Azure, Groq, DeepSeek, vLLM's proxies) say `x-ratelimit-limit-requests`, Anthropic
`anthropic-ratelimit-requests-limit`, OpenRouter and the IETF's draft only `x-ratelimit-limit` or `ratelimit-limit`.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from octrad.gateway.audits import RateLimit

# More than any provider has; the names are the provider's and go to people.
MOST_LIMITS = 16
_HEADER = re.compile(
    r"(?:x-)?ratelimit-(?P<what>limit|remaining|reset)(?:-(?P<name>[a-z0-9_-]{1,40}))?"
    r"|anthropic-ratelimit-(?P<name2>[a-z0-9_-]{1,40})-(?P<what2>limit|remaining|reset)"
)
_UNNAMED = "requests"
_WHOLE = re.compile(r"\d{1,15}")
_DURATION = re.compile(
    r"(?:(?P<d>\d{1,6})d)?(?:(?P<h>\d{1,6})h)?(?:(?P<m>\d{1,6})m)?(?:(?P<s>\d{1,9}(?:\.\d{1,9})?)s)?"
    r"(?:(?P<ms>\d{1,9}(?:\.\d{1,9})?)ms)?"
)
_SECONDS_OF = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
# Beyond these a number is no count of seconds but a Unix time, in seconds or in milliseconds.
_UNIX_TIME = 1_000_000_000
_UNIX_TIME_MS = 1_000_000_000_000


def read_rate_limits(headers: Mapping[str, str], now: datetime) -> tuple[RateLimit, ...]:
    """Returns the limits that a reply tells, by name.

    Args:
        headers: names in lower case.
        now: when the reply came, for the times that some providers tell.
    """
    told: dict[str, dict[str, str]] = {}
    for header, value in headers.items():
        if match := _HEADER.fullmatch(header):
            name = match["name"] or match["name2"] or _UNNAMED
            told.setdefault(name, {})[match["what"] or match["what2"]] = value.strip()
    limits = (
        RateLimit(name, _whole(of.get("limit")), _whole(of.get("remaining")), resets_in_s(of.get("reset", ""), now))
        for name, of in sorted(told.items())
    )
    return tuple(one for one in limits if one != RateLimit(one.name))[:MOST_LIMITS]


def resets_in_s(text: str, now: datetime) -> float | None:
    """Returns seconds from now: of `6m0s`, `20ms`, plain seconds, a Unix time or an RFC 3339 time."""
    if re.fullmatch(r"\d{1,15}(\.\d{1,9})?", text):
        return _from_number(float(text), now)
    match = _DURATION.fullmatch(text)
    if match and text:
        return sum(float(match[unit]) * factor for unit, factor in _SECONDS_OF.items() if match[unit])
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if at.tzinfo is None else max(0.0, (at - now).total_seconds())


def _from_number(number: float, now: datetime) -> float:
    if number < _UNIX_TIME:
        return number
    at_s = number / 1000 if number >= _UNIX_TIME_MS else number
    return max(0.0, at_s - now.timestamp())


def _whole(text: str | None) -> int | None:
    return int(text) if text and _WHOLE.fullmatch(text) else None
