from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.gateway.server.retry_after import retry_after_s

NOW = datetime(2026, 1, 1, tzinfo=UTC)


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
def test_what_is_asked_is_read(headers: dict[str, str], expected: float | None) -> None:
    assert retry_after_s(headers, "", NOW) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        # OpenAI: https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s"}, 360.0),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "120ms"}, 0.12),
        ({"x-ratelimit-remaining-requests": "59", "x-ratelimit-reset-requests": "1s"}, None),
        # Anthropic: https://docs.claude.com/en/api/rate-limits#response-headers
        (
            {
                "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-input-tokens-reset": "2026-01-01T00:00:41Z",
                "anthropic-ratelimit-requests-remaining": "49",
                "anthropic-ratelimit-requests-reset": "2026-01-01T00:10:00Z",
            },
            41.0,
        ),
        # OpenRouter: a moment in milliseconds; others: seconds, or a moment in seconds.
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp() + 90) * 1000)}, 90.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp() + 90))}, 90.0),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "50"}, 50.0),
        # The longest of those that are used up.
        (
            {
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "2s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "1h2m3s",
            },
            3723.0,
        ),
        ({"x-ratelimit-remaining-tokens": "0"}, None),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "Tomorrow"}, None),
        # What is asked goes before what can be worked out.
        ({"retry-after": "3", "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "9s"}, 3.0),
    ],
)
def test_limits_that_stand_in_headers_alone_are_read(headers: dict[str, str], expected: float | None) -> None:
    assert retry_after_s(headers, "", NOW) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Please try again in 26.604s. Visit …", 26.604),
        ("Please try again in 6ms.", 0.006),
        ("Please try again in 7m12s.", 432.0),
        ("Please retry in 47.673410956s.", 47.673410956),
        ("please try again later", None),
        ("retry in 1 minute", None),
        ("retry in 5", None),
    ],
)
def test_words_are_read_where_headers_are_silent(text: str, expected: float | None) -> None:
    assert retry_after_s({}, text, NOW) == expected


@given(
    st.dictionaries(
        st.sampled_from(["retry-after", "retry-after-ms", "x-ratelimit-remaining", "x-ratelimit-reset"]),
        st.text() | st.from_regex(r"[0-9]{1,400}(ms|h|m|s)?|0|[0-9T:Z-]{1,30}", fullmatch=True),
    ),
    st.text() | st.from_regex(r"retry in [0-9]{1,400}[hms]{1,2}", fullmatch=True),
)
def test_a_wait_is_never_negative(headers: dict[str, str], text: str) -> None:
    wait_s = retry_after_s(headers, text, NOW)
    assert wait_s is None or wait_s >= 0
