import base64
import json
import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.gateway.server.strike_out import STRUCK_OUT, strike_out

KEY = "sk-proj-a/b+c=d_0123456789abcdefghij"
# As providers issue them, and with what has to be spelled otherwise in an address or in JSON.
keys = st.text(string.ascii_letters + string.digits + "-_/+=.\"'é", min_size=16, max_size=120).filter(
    lambda key: len(set(key)) > 8
)
around = st.text(string.whitespace + ":,!?{}[]", max_size=20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Incorrect API key provided: {KEY}.", "Incorrect API key provided: [key]."),
        (f"https://provider/v1?key={quote(KEY, safe='')}&alt=json", "https://provider/v1?key=[key]&alt=json"),
        (f"Basic {base64.b64encode(KEY.encode()).decode()}", "Basic [key]"),
        (json.dumps({"key": KEY}), '{"key": "[key]"}'),
        (KEY.encode().hex(), "[key]"),
        (f"cut by somebody: {KEY[:20]}… and more", "cut by somebody: [key]… and more"),
        (f"its beginning is lost: …{KEY[-20:]} and more", "its beginning is lost: …[key] and more"),
        (f"cut at the end: {KEY[:9]}", "cut at the end: [key]"),
        (f"{KEY}{KEY}{KEY[:25]}", "[key][key][key]"),
        # What providers show on purpose is no part worth hiding.
        ("sk-proj-****************ghij is wrong", "sk-proj-****************ghij is wrong"),
        ("nothing", "nothing"),
        ("", ""),
    ],
)
def test_key_is_struck_out(text: str, expected: str) -> None:
    struck = strike_out(text, KEY)
    # What pads base64 says nothing.
    assert struck.replace("[key]=", "[key]").replace("[key]=", "[key]") == expected


@given(keys, around, around)
def test_no_spelling_of_a_key_is_left(key: str, before: str, behind: str) -> None:
    for spelling in (key, quote(key, safe=""), json.dumps(key)[1:-1], key.encode().hex()):
        assert STRUCK_OUT in (struck := strike_out(f"{before}{spelling}{behind}", key))
        assert spelling[: len(spelling) // 2] not in struck
        assert spelling[-(len(spelling) // 2) :] not in struck


@given(keys, st.binary(max_size=7), st.binary(max_size=7))
def test_no_base64_of_a_text_with_the_key_tells_it(key: str, before: bytes, behind: bytes) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        struck = strike_out(encode(before + key.encode() + behind).decode(), key)
        assert STRUCK_OUT in struck
        left = sum(len(part) for part in struck.split(STRUCK_OUT))
        # The characters around, and those that it shares with them.
        assert left <= (len(before) + len(behind)) * 4 / 3 + 2 * 4


@given(st.text(max_size=200))
def test_text_without_the_key_is_left_as_it_is(text: str) -> None:
    assert strike_out(text, KEY) == text or KEY[:6] in text
