"""The globs that say which files a manager owns: what a glob may look like, and whether two can name one file."""

import re
from collections.abc import Iterator, Sequence

GLOB_LENGTH = 200
# Whether two globs meet takes time that grows with their wildcards; who writes them must not choose how long.
WILDCARDS_AT_MOST = 6
_GLOB = re.compile(r"[A-Za-z0-9_.*?+@()\[\]-]+(?:/[A-Za-z0-9_.*?+@()\[\]-]+)*\Z")


def refuse_glob(glob: str) -> list[str]:
    """Why `glob` may not say what somebody owns; empty when it may."""
    if len(glob) > GLOB_LENGTH:
        return [f"the glob {glob[:40]!r}… is longer than {GLOB_LENGTH} characters"]
    if not _GLOB.match(glob):
        return [f"{glob!r} is not a glob relative to the project, such as `src/**` or `README.md`"]
    if len(re.findall(r"\*+", glob)) > WILDCARDS_AT_MOST:
        return [f"the glob {glob[:80]!r} has more than {WILDCARDS_AT_MOST} wildcards"]
    parts = glob.split("/")
    if ".." in parts or "." in parts:
        return [f"the glob {glob!r} may not contain `.` or `..`"]
    if parts[0].lower() == ".git":
        return [f"the glob {glob!r} names git's own files"]
    return []


def may_name_one_file(one: str, other: str) -> bool:
    """Whether some path matches both globs. `**` crosses directories, `*` and `?` do not.

    As the runner sees it: a glob that names a directory owns what lies below it, and a bracket is a bracket.
    """
    mine, theirs = _with_contents(one), _with_contents(other)
    return any(_meet(_tokens(here), _tokens(there)) for here in mine for there in theirs)


def _with_contents(glob: str) -> tuple[str, str]:
    return glob, f"{glob}/**"


def _tokens(glob: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\*\*/?|\*|.", glob))


def _meet(one: Sequence[str], other: Sequence[str]) -> bool:
    # Every pair of places is looked at once, so that no two globs can take long.
    pending, seen = [(0, 0)], {(0, 0)}
    while pending:
        here, there = pending.pop()
        if here == len(one) and there == len(other):
            return True
        fresh = {*_advance(one, here, other, there)} - seen
        seen |= fresh
        pending.extend(fresh)
    return False


def _advance(one: Sequence[str], here: int, other: Sequence[str], there: int) -> Iterator[tuple[int, int]]:
    """The pairs of places that one more character, or none, can lead to."""
    mine = one[here] if here < len(one) else ""
    theirs = other[there] if there < len(other) else ""
    if mine.startswith("*"):
        yield here + 1, there
        if theirs and (mine != "*" or _can_be_swallowed(theirs)):
            yield here, there + 1
    if theirs.startswith("*"):
        yield here, there + 1
        if mine and (theirs != "*" or _can_be_swallowed(mine)):
            yield here + 1, there
    elif mine and theirs and not mine.startswith("*") and _same_character(mine, theirs):
        yield here + 1, there + 1


def _can_be_swallowed(token: str) -> bool:
    return token not in ("/", "**/", "**")


def _same_character(one: str, other: str) -> bool:
    if "/" in (one, other):
        return one == other
    return one == other or "?" in (one, other)
