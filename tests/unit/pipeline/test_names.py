import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.pipeline.names import is_name, refuse_name


@pytest.mark.parametrize("name", ["todo", "a", "guest-book", "b2b", "x1-y2-z3"])
def test_plain_names_are_taken(name: str) -> None:
    assert is_name(name)
    assert refuse_name(name, "the project") == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-a",
        "a-",
        "a--b",
        "A",
        "1a",
        "a b",
        "a/b",
        "../x",
        "a.b",
        "a_b",
        "main",
        "head",
        "boss",
        "ä",
        "a\n",
        "a" * 33,
    ],
)
def test_other_names_are_refused_with_a_reason(name: str) -> None:
    assert not is_name(name)
    assert len(refuse_name(name, "the project")) == 1


@given(st.text(max_size=40))
def test_what_is_a_name_needs_no_quoting_anywhere(name: str) -> None:
    if is_name(name):
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert name[0].isalpha()
