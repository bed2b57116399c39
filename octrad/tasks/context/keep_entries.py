"""Which entries of one place go when there are too many. Pure.

A sawtooth: nothing happens up to the cap, and past it the oldest few go at once. Short messages may be more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# (the average number of characters that is too much for it, the cap)
_CAPS = ((200, 40), (500, 30))
_CAP_OF_LONG = 20
GO_AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class Kept:
    """What counts of an entry here. Global rules are none of these: they stay, and are not counted."""

    id: int
    characters: int
    important: bool


def cap_of(average_characters: float) -> int:
    """How many messages a place holds: 40 while they have fewer than 200 characters each, 30 below 500, else 20."""
    return next((cap for limit, cap in _CAPS if average_characters < limit), _CAP_OF_LONG)


def entries_to_remove(kept: Sequence[Kept]) -> tuple[int, ...]:
    """The ids of those that go.

    Args:
        kept: the messages of one place, oldest first.
    """
    if not kept or len(kept) <= cap_of(sum(entry.characters for entry in kept) / len(kept)):
        return ()
    return tuple(entry.id for entry in kept if not entry.important)[:GO_AT_ONCE]
