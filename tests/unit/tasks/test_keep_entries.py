"""The clean-up of a place of the context: caps that follow the length of its messages, and the five oldest that go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.tasks.context.keep_entries import GO_AT_ONCE, Kept, cap_of, entries_to_remove


def place(count: int, characters: int, important: frozenset[int] = frozenset()) -> list[Kept]:
    return [Kept(number, characters, number in important) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("average", "cap"), [(1, 40), (199, 40), (199.9, 40), (200, 30), (499, 30), (500, 20), (2000, 20)]
)
def test_short_messages_may_be_more(average: float, cap: int) -> None:
    assert cap_of(average) == cap


@pytest.mark.parametrize(("characters", "cap"), [(100, 40), (300, 30), (900, 20)])
def test_nothing_goes_up_to_the_cap_and_the_five_oldest_past_it(characters: int, cap: int) -> None:
    assert entries_to_remove(place(cap, characters)) == ()
    assert entries_to_remove(place(cap + 1, characters)) == (1, 2, 3, 4, 5)


def test_important_ones_are_passed_over() -> None:
    assert entries_to_remove(place(21, 900, frozenset({1, 3}))) == (2, 4, 5, 6, 7)
    assert entries_to_remove(place(21, 900, frozenset(range(1, 20)))) == (20, 21)
    assert entries_to_remove(place(21, 900, frozenset(range(1, 22)))) == ()


def test_an_empty_place_has_nothing_to_remove() -> None:
    assert entries_to_remove([]) == ()


@given(st.lists(st.tuples(st.integers(1, 2000), st.booleans()), max_size=80))
def test_what_goes_is_old_few_and_unimportant(messages: list[tuple[int, bool]]) -> None:
    kept = [Kept(number, *message) for number, message in enumerate(messages)]
    gone = entries_to_remove(kept)
    assert len(gone) <= GO_AT_ONCE
    assert not any(entry.important for entry in kept if entry.id in gone)
    stays = [entry.id for entry in kept if not entry.important and entry.id not in gone]
    assert not gone or not stays or max(gone) < min(stays)
