"""Which stacks a tree of files looks like: by the globs of each stack, at the root and one directory down. Pure.

A stack that refines another (pnpm does node, Rails does Ruby) is found where its own files are beside those of the
other, and then stands for both. One directory down is where projects of several stacks have their parts, `backend/` and
`frontend/`; what is deeper, or where no part of a project is, is not looked at.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from octrad.knowledge.stacks import STACKS_AT_MOST, PlacedStack, Stack

# A package.json in these is for the documentation, a test or somebody else's.
_NO_PARTS = re.compile(
    r"\..*|_.*|bench(es|marks?)?|ci|contrib|deps|dist|docs?|examples?|fixtures?|fuzz|node_modules|samples?|scripts"
    r"|tests?|third[_-]party|tools?|vendor|website"
)


def detect_stacks(stacks: Mapping[str, Stack], paths: Sequence[str]) -> tuple[PlacedStack, ...]:
    """The stacks that a tree looks like, the likeliest first: of the root, then of its directories."""
    found = [PlacedStack(name) for name in _look_in(stacks, paths)]
    for directory, inside in sorted(_parts(paths).items()):
        known = {placed.name for placed in found}
        known |= {stacks[name].refines for name in known}
        new = (name for name in _look_in(stacks, inside) if not {name, stacks[name].refines} & known)
        found += [PlacedStack(name, directory) for name in new]
    return tuple(found[:STACKS_AT_MOST])


def _parts(paths: Sequence[str]) -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    for path in paths:
        directory, slash, inside = path.partition("/")
        if slash and not _NO_PARTS.fullmatch(directory.lower()):
            parts.setdefault(directory, []).append(inside)
    return parts


def _look_in(stacks: Mapping[str, Stack], paths: Sequence[str]) -> list[str]:
    """The names of the stacks whose files are there; that which has most of them first."""
    exact, listing = frozenset(paths), "\n".join(path for path in paths if "\n" not in path)
    counts = {name: sum(_is_there(glob, exact, listing) for glob in stack.detect) for name, stack in stacks.items()}
    found = {name for name, count in counts.items() if count and counts.get(stacks[name].refines, 1)}
    found -= {stacks[name].refines for name in found}
    return sorted(found, key=lambda name: (-counts[name], name))


def _is_there(glob: str, exact: Collection[str], listing: str) -> bool:
    # One search over the whole listing: a tree may have a hundred thousand files.
    return _pattern(glob).search(listing) is not None if "*" in glob else glob in exact


@lru_cache(maxsize=256)
def _pattern(glob: str) -> re.Pattern[str]:
    """`**` crosses directories, `*` does not; neither crosses a line."""
    parts = (".*" if part == "**" else r"[^/\n]*" if part == "*" else re.escape(part) for part in _split(glob))
    return re.compile(f"^{''.join(parts)}$", re.MULTILINE)


def _split(glob: str) -> list[str]:
    return re.split(r"(\*+)", glob)
