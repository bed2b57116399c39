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
