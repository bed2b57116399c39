import json

from hypothesis import given
from hypothesis import strategies as st

from octrad.tasks.storable_text import storable_json, storable_text


@given(st.text(st.characters(exclude_categories=())))
def test_what_comes_out_can_be_stored(text: str) -> None:
    stored = storable_text(text)
    assert "\0" not in stored
    assert stored.encode().decode() == stored


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_what_can_be_stored_stays_as_it_is(text: str) -> None:
    assert storable_text(text) == text


def test_every_text_inside_json_is_made_storable() -> None:
    assert json.loads(json.dumps(storable_json({"a": ["x\0", ("y\0",)], "n": 1, "z": None}))) == {
        "a": ["x\ufffd", ["y\ufffd"]],
        "n": 1,
        "z": None,
    }
