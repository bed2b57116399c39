"""The globs that say which files a manager owns: what a glob may look like, and whether two can name one file."""

import re
from functools import lru_cache

GLOB_LENGTH = 200
_GLOB = re.compile(r"[A-Za-z0-9_.*?+@()\[\]-]+(?:/[A-Za-z0-9_.*?+@()\[\]-]+)*\Z")


def refuse_glob(glob: str) -> list[str]:
    """Why `glob` may not say what somebody owns; empty when it may."""
    if len(glob) > GLOB_LENGTH:
        return [f"the glob {glob[:40]!r}… is longer than {GLOB_LENGTH} characters"]
    if not _GLOB.match(glob):
        return [f"{glob!r} is not a glob relative to the project, such as `src/**` or `README.md`"]
    parts = glob.split("/")
    if ".." in parts or "." in parts:
        return [f"the glob {glob!r} may not contain `.` or `..`"]
    if parts[0].lower() == ".git":
        return [f"the glob {glob!r} names git's own files"]
    return []


def may_name_one_file(one: str, other: str) -> bool:
    """Whether some path matches both globs. `**` crosses directories, `*` and `?` do not.

    A glob that names a directory owns what lies below it, as the runner sees it. A bracket counts as any one
    character, so the answer errs towards yes.
    """
    mine, theirs = _with_contents(one), _with_contents(other)
    return any(_meet(_tokens(here), _tokens(there)) for here in mine for there in theirs)


def _with_contents(glob: str) -> tuple[str, str]:
    return glob, f"{glob}/**"


def _tokens(glob: str) -> tuple[str, ...]:
    plain = re.sub(r"\[[^/]*?\]", "?", glob)
    return tuple(re.findall(r"\*\*/?|\*|.", plain))


@lru_cache(maxsize=4096)
def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if not one and not other:
        return True
    for here, there in ((one, other), (other, one)):
        if here and here[0].startswith("*"):
            if _meet(here[1:], there):
                return True
            if there and (here[0] != "*" or _can_be_swallowed(there[0])) and _meet(here, there[1:]):
                return True
    if not one or not other or one[0].startswith("*") or other[0].startswith("*"):
        return False
    return _same_character(one[0], other[0]) and _meet(one[1:], other[1:])


def _can_be_swallowed(token: str) -> bool:
    return token not in ("/", "**/", "**")


def _same_character(one: str, other: str) -> bool:
    if "/" in (one, other):
        return one == other
    return one == other or "?" in (one, other)
