import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.tasks.embedding import DIMENSIONS, embed, vector_literal


def likeness(first: str, second: str) -> float:
    return sum(a * b for a, b in zip(embed(first), embed(second), strict=True))


@given(st.text())
def test_every_text_gives_a_vector_of_length_one(text: str) -> None:
    vector = embed(text)
    assert len(vector) == DIMENSIONS
    assert math.isclose(sum(value * value for value in vector), 1)


def test_vectors_stay_the_same_across_versions() -> None:
    # What is stored is compared with what is computed later.
    assert vector_literal(embed("todo"))[:40] == "[0,0,0,0,0,0.857493,0,0,0,0,0.257248,0,0"


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("a todo list in Rust", "a todo list written in rust", "a web shop for shoes"),
        ("a web shop", "a webshop for shoes", "parse CSV files"),
        ("snake game", "a snake game for the terminal", "a todo list"),
    ],
)
def test_shared_words_make_texts_alike(text: str, near: str, far: str) -> None:
    assert likeness(text, near) > likeness(text, far) + 0.2


def test_case_and_punctuation_do_not_matter() -> None:
    assert likeness("Todo-List!", "todo list") > 0.999


NEAR = 0.85


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Build a command line todo list in Rust", "A command line todo list in Rust, please"),
        ("Make a REST API for a bookshop with Flask", "Create a REST API for a bookshop with Flask"),
        (
            "Write a static site generator that turns Markdown into HTML",
            "Write a static site generator that turns markdown files into HTML pages",
        ),
        (
            "A command line todo list in Rust with add, list and done",
            "A comand line todo list in Rust with add, list and done",
        ),
        (
            "Write a command line tool in Python that converts CSV files into JSON, with tests and a README.",
            "Write a command-line tool in Python which converts CSV files into JSON, with tests and README",
        ),
        # Words, not meaning: one that is another one in a long request changes little.
        ("Build a command line todo list in Rust", "Build a command line todo list in Go"),
    ],
)
def test_requests_in_nearly_the_same_words_are_near(first: str, second: str) -> None:
    assert likeness(first, second) >= NEAR


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a command line todo list", "a command line todo list with due dates"),
        ("Make a REST API for a bookshop with Flask", "Make a REST API for a library with Flask"),
        ("add a --version flag", "add a --verbose flag"),
        ("fizzbuzz up to 100", "fizzbuzz up to 1000"),
        ("A web page that shows the weather of my town", "A tool that renames photos by date"),
        # Words, not meaning: the same in another order is not found.
        ("a command line todo list in rust", "todo list on the command line, written in Rust"),
    ],
)
def test_requests_in_other_words_are_not_near(first: str, second: str) -> None:
    assert likeness(first, second) < NEAR
