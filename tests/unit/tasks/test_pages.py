import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.foundation.errors import InvalidRequestError
from octrad.tasks.pages import page_length, page_token, read_page_token


@given(st.integers(min_value=0, max_value=2**63))
def test_a_token_gives_its_position_back(position: int) -> None:
    assert read_page_token("age", page_token("age", position)) == position


def test_no_token_is_the_first_page() -> None:
    assert read_page_token("age", "") is None


@given(st.text(min_size=1))
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        read_page_token("age", text)


def test_a_token_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidRequestError):
        read_page_token("age", page_token("likeness", 1))


@pytest.mark.parametrize(("asked", "length"), [(0, 50), (1, 1), (200, 200)])
def test_a_page_has_bounds(asked: int, length: int) -> None:
    assert page_length(asked) == length


@pytest.mark.parametrize("asked", [-1, 201])
def test_a_page_out_of_bounds_is_refused(asked: int) -> None:
    with pytest.raises(InvalidRequestError):
        page_length(asked)
