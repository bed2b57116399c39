"""Whether a path is what a glob names. Pure.

A model chooses both, so neither may choose how long it takes: all ways to match are followed at once, as the bits of
one number, in time proportional to the path, where a regular expression would try them one after the other.
"""

import re
from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

_TOKENS = re.compile(r"(\*\*/|\*\*|\*|.)", re.DOTALL)


class _Automaton(NamedTuple):
    """Bit i stands for: the first i parts of the glob are matched."""

    # The bits that may go on when a character comes that is named, or any other.
    named: dict[str, int]
    anything: int
    # The bits that stay when a character other than `/` comes, and when any does.
    within_name: int
    everywhere: int
    # The bits that go on without any character: to the next part, and past it.
    optional: int
    past_next: int
    last: int


def matches_glob(path: str, glob: str) -> bool:
    """Whether `path` is what `glob` names, or lies below a directory that it names.

    `*` and `?` stay within one name, `**` crosses directories.
    """
    automaton = _compile(glob.removeprefix("./").rstrip("/"))
    state = _skip(automaton, 1)
    for character in path:
        if character == "/" and state & automaton.last:
            return True
        state = _step(automaton, state, character)
        if not state:
            return False
    return bool(state & automaton.last)


def _step(automaton: _Automaton, state: int, character: str) -> int:
    goes_on = automaton.named.get(character, 0)
    stays = automaton.everywhere
    if character != "/":
        goes_on |= automaton.anything
        stays |= automaton.within_name
    return _skip(automaton, (state & goes_on) << 1 | state & stays)


def _skip(automaton: _Automaton, state: int) -> int:
    while (more := state | (state & automaton.optional) << 1 | (state & automaton.past_next) << 2) != state:
        state = more
    return state


@lru_cache(maxsize=256)
def _compile(glob: str) -> _Automaton:
    named: defaultdict[str, int] = defaultdict(int)
    anything = within_name = everywhere = optional = past_next = 0
    bit = 1
    # Many stars in a row say no more than one; kept, they would have to be skipped one by one.
    for token in _TOKENS.findall(re.sub(r"\*{3,}", "**", re.sub(r"(?:\*\*/)+", "**/", glob))):
        match token:
            case "*":
                within_name |= bit
                optional |= bit
            case "**":
                everywhere |= bit
                optional |= bit
            case "**/":  # nothing at all, or anything with a `/` at its end: two parts
                optional |= bit
                past_next |= bit
                bit <<= 1
                everywhere |= bit
                named["/"] |= bit
            case "?":
                anything |= bit
            case _:
                named[token] |= bit
        bit <<= 1
    return _Automaton(dict(named), anything, within_name, everywhere, optional, past_next, bit)
