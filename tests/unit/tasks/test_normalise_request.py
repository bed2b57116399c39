import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.tasks.normalise_request import hash_request, normalise_request


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a todo list", "A TODO list"),
        ("a todo list", "  a\ttodo\n list  "),
        ("a todo list", "a todo list."),
        ("a todo list", "a todo list !"),
        ("a todo list", "a todo list…"),
        ("Straße", "STRASSE"),
        ("caf\u00e9", "cafe\u0301"),
        ("\uff54\uff4f\uff44\uff4f", "todo"),
        ("a\u00a0b", "a b"),
    ],
)
def test_the_same_text_has_the_same_hash(first: str, second: str) -> None:
    assert hash_request(first) == hash_request(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a todo list", "a todo lists"),
        ("fizzbuzz up to 100", "fizzbuzz up to 1000"),
        ("convert a-b", "convert a b"),
        ("add a --version flag", "add a version flag"),
        ("x < y", "x > y"),
        ("list in Rust", "Rust in list"),
    ],
)
def test_what_is_said_inside_a_text_counts(first: str, second: str) -> None:
    assert hash_request(first) != hash_request(second)


@given(st.text())
def test_normalising_again_changes_nothing(text: str) -> None:
    once = normalise_request(text)
    assert normalise_request(once) == once
