"""Turns a model's edits and the files as they are into the files as they shall be. Pure, and all or none.

Every refusal is a sentence for the model that made the edit: it says which edit, what is wrong, and what would help.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from octrad.runner.edits import Edit, Removal, Replacement, WholeFile, find_oversize
from octrad.runner.server.edits.describe_mismatch import describe_absence, describe_repetition
from octrad.runner.server.edits.judge_path import judge_path

# A search for the nearest lines takes up to a second, and a model may be wrong hundreds of times in one answer.
_EXPLAINED = 5


class Obstacle(StrEnum):
    """What stands where a file is to be written."""

    DIRECTORY = "it is a directory"
    SYMLINK = "it leads through a symbolic link"
    BLOCKED = "a directory of the path is a file"
    SPECIAL = "it is neither a file nor a directory"
    HUGE = "the file is too big to be edited"


@dataclass(frozen=True, slots=True)
class PlainFile:
    """A file's content and whether it is executable."""

    content: bytes
    executable: bool


# What is at a path now; None: nothing.
Present = PlainFile | Obstacle | None
# What shall be at a path; None: nothing.
Wanted = PlainFile | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The files to write (None: to remove), or why nothing is written."""

    files: Mapping[str, Wanted]
    refusals: tuple[str, ...] = ()


class _RefusedError(Exception):
    """One edit cannot be applied; its text says why."""


def judge_edits(edits: Sequence[Edit], owns: Sequence[str] = ()) -> tuple[str, ...]:
    """Returns why the edits are refused whatever the tree holds: their number, sizes and paths."""
    oversize = find_oversize(edits)
    if oversize:
        return oversize
    reasons = ((edit.path, judge_path(edit.path, owns)) for edit in edits)
    return tuple(f"`{path[:200]}`: {reason}" for path, reason in reasons if reason)


def apply_edits(edits: Sequence[Edit], present: Mapping[str, Present]) -> Outcome:
    """Applies edits, in their order, to the files at their paths.

    Args:
        edits: judged already.
        present: what is at every path that an edit names.
    """
    files: dict[str, Wanted] = {}
    refusals: list[str] = []
    for edit in edits:
        try:
            before = files[edit.path] if edit.path in files else _require_free(present[edit.path])
            files[edit.path] = _apply(edit, before, explain=len(refusals) < _EXPLAINED)
        except _RefusedError as refusal:
            refusals.append(f"`{edit.path}`: {refusal}")
    refusals.extend(_find_collisions(files))
    return Outcome({}, tuple(refusals)) if refusals else Outcome(files)


def _require_free(present: Present) -> Wanted:
    if isinstance(present, Obstacle):
        raise _RefusedError(present.value)
    return present


def _apply(edit: Edit, before: Wanted, *, explain: bool) -> Wanted:
    match edit:
        case WholeFile(content=content, executable=executable):
            kept = before is not None and before.executable
            return PlainFile(_encode(content), executable or kept)
        case Replacement():
            return _replace(edit, before, explain=explain)
        case Removal():
            if before is None:
                raise _RefusedError("there is no such file to remove")
            return None


def _replace(edit: Replacement, before: Wanted, *, explain: bool) -> PlainFile:
    if before is None:
        raise _RefusedError("there is no such file to change; return the whole file to make it")
    if not edit.search:
        raise _RefusedError("the text to search is empty; return the whole file to write it anew")
    try:
        text = before.content.decode()
    except UnicodeDecodeError as error:
        raise _RefusedError("the file is not UTF-8 text; return the whole file to write it anew") from error
    count = _count_places(text, edit.search)
    if count == 0:
        raise _RefusedError(describe_absence(text, edit.search, with_nearest=explain))
    if count > 1:
        raise _RefusedError(describe_repetition(text, edit.search))
    return PlainFile(_encode(text.replace(edit.search, edit.replace, 1)), before.executable)


def _count_places(text: str, search: str) -> int:
    # Overlapping places count: `aa` stands twice in `aaa`, and which is meant is not ours to guess.
    first = text.find(search)
    if first < 0:
        return 0
    return 1 if text.find(search, first + 1) < 0 else 2


def _encode(text: str) -> bytes:
    if "\0" in text:
        raise _RefusedError("the content has NUL characters; only text is taken")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise _RefusedError("the content is not valid Unicode") from error


def _find_collisions(files: Mapping[str, Wanted]) -> list[str]:
    written = {path for path, wanted in files.items() if wanted is not None}
    return [
        f"`{path}`: `{parent}` is written as a file by another edit"
        for path in sorted(written)
        for parent in _parents(path)
        if parent in written
    ]


def _parents(path: str) -> list[str]:
    names = path.split("/")
    return ["/".join(names[:depth]) for depth in range(1, len(names))]
