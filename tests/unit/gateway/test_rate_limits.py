"""The headers by which providers tell what a key may use."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.gateway.audits import RateLimit
from octrad.gateway.server.rate_limits import MOST_LIMITS, read_rate_limits, resets_in_s

NOW = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)

OPENAI = {
    "x-ratelimit-limit-requests": "500",
    "x-ratelimit-limit-tokens": "30000",
    "x-ratelimit-remaining-requests": "499",
    "x-ratelimit-remaining-tokens": "29990",
    "x-ratelimit-reset-requests": "120ms",
    "x-ratelimit-reset-tokens": "6m0s",
    "content-type": "application/json",
}
ANTHROPIC = {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "49",
    "anthropic-ratelimit-requests-reset": "2026-11-28T12:00:30Z",
    "anthropic-ratelimit-input-tokens-limit": "40000",
    "anthropic-ratelimit-input-tokens-remaining": "39000",
    "anthropic-ratelimit-input-tokens-reset": "2026-11-28T11:59:59Z",
    "anthropic-organization-id": "of no interest",
}
OPENROUTER = {"x-ratelimit-limit": "20", "x-ratelimit-remaining": "19", "x-ratelimit-reset": "1795867260000"}


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        ({}, ()),
        (OPENAI, (RateLimit("requests", 500, 499, 0.12), RateLimit("tokens", 30_000, 29_990, 360.0))),
        (ANTHROPIC, (RateLimit("input-tokens", 40_000, 39_000, 0.0), RateLimit("requests", 50, 49, 30.0))),
        (OPENROUTER, (RateLimit("requests", 20, 19, 60.0),)),
        ({"ratelimit-limit": "100", "ratelimit-reset": "50"}, (RateLimit("requests", 100, None, 50.0),)),
        ({"x-ratelimit-limit-requests": "many", "x-ratelimit-remaining-tokens": "-1"}, ()),
        ({"x-ratelimit-limit-tokens": "9" * 400}, ()),
        ({"x-ratelimit-limit-\x1b[2j": "1", "x-ratelimit-used-requests": "1"}, ()),
    ],
)
def test_limits_are_read(headers: dict[str, str], limits: tuple[RateLimit, ...]) -> None:
    assert read_rate_limits(headers, NOW) == limits


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("20ms", 0.02),
        ("6m0s", 360.0),
        ("2m59.56s", 179.56),
        ("1h0m5s", 3605.0),
        ("1d", 86400.0),
        ("0", 0.0),
        ("59.5", 59.5),
        ("1795867260", 60.0),
        ("1795867260000", 60.0),
        ("2026-11-28T12:01:00+00:00", 60.0),
        ("2026-11-28T11:00:00Z", 0.0),
        ("2026-11-28T12:01:00", None),
        ("soon", None),
        ("", None),
    ],
)
def test_times_of_reset_are_read(text: str, seconds: float | None) -> None:
    found = resets_in_s(text, NOW)
    assert found == (None if seconds is None else pytest.approx(seconds))


@given(st.dictionaries(st.from_regex(r"x-ratelimit-(limit|reset)-[a-z]{1,3}", fullmatch=True), st.text(), max_size=60))
def test_whatever_a_provider_writes_is_read_or_left_out(headers: dict[str, str]) -> None:
    assert len(read_rate_limits(headers, NOW)) <= MOST_LIMITS
