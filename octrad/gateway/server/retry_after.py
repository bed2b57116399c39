"""How long a provider asks to be left alone: by its headers first, then by its words. Pure.

Not every one sends `retry-after`: some tell only what is left of each limit and when it is full again, some only say
it in a sentence.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# `x-ratelimit-remaining-tokens` beside `x-ratelimit-reset-tokens` (OpenAI and who speaks like it),
# `anthropic-ratelimit-tokens-remaining` beside `…-reset`, and plain `ratelimit-remaining` beside `ratelimit-reset`.
_REMAINING = re.compile(r"(?:x-|anthropic-)?ratelimit-(?:.+-)?remaining(?:-.+)?")
_SENTENCE = re.compile(r"(?:retry|try again) in (\d[\dhms.]*)")
# 1h, 7m12s, 26.604s, 6ms.
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
# A bare number beyond these is no number of seconds but a moment since 1970, in seconds or milliseconds.
_MOMENT_S = 10**9
_MOMENT_MS = 10**12


def retry_after_s(headers: Mapping[str, str], text: str, now: datetime) -> float | None:
    """Returns seconds from `now`, None where nothing is said.

    Args:
        headers: of the reply, names in lower case. `retry-after` is RFC 9110 §10.2.3: seconds or a date.
        text: what the provider said.
        now: for dates.
    """
    for wait_s in (_asked_s(headers, now), _full_again_s(headers, now), _said_s(text)):
        if wait_s is not None:
            return wait_s
    return None


def _asked_s(headers: Mapping[str, str], now: datetime) -> float | None:
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        if _NUMBER.fullmatch(text):
            return float(text) / scale
    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
    except (TypeError, ValueError):
        return None
    return _until(date, now) if date.tzinfo is not None else None


def _full_again_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """The longest wait for a limit of which nothing is left."""
    return max(_resets(headers, now), default=None)


def _resets(headers: Mapping[str, str], now: datetime) -> Iterator[float]:
    for name, left in headers.items():
        if _REMAINING.fullmatch(name) and left.strip() == "0":
            wait_s = _reset_s(headers.get(name.replace("remaining", "reset"), "").strip(), now)
            if wait_s is not None:
                yield wait_s


def _reset_s(text: str, now: datetime) -> float | None:
    if _NUMBER.fullmatch(text):
        number = float(text)
        if number < _MOMENT_S:
            return number
        since_1970_s = number / 1000 if number >= _MOMENT_MS else number
        return max(0.0, since_1970_s - now.timestamp())
    if "T" in text:
        try:
            date = datetime.fromisoformat(text)
        except ValueError:
            return None
        return _until(date if date.tzinfo is not None else date.replace(tzinfo=UTC), now)
    return _duration_s(text)


def _said_s(text: str) -> float | None:
    found = _SENTENCE.search(text)
    return None if found is None else _duration_s(found[1].rstrip("."))


def _duration_s(text: str) -> float | None:
    found = _DURATION.fullmatch(text)
    if found is None or not text:
        return None
    hours, minutes, seconds, milliseconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000


def _until(date: datetime, now: datetime) -> float:
    return max(0.0, (date - now).total_seconds())
