"""What a model may ask to be done to files, and how much of it at once.

Pure, and shared by both sides: the control plane makes edits of a model's answer, the runner judges and applies them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

EDITS_AT_ONCE = 200
EDIT_BYTES = 1024 * 1024
# All edits of one call travel in one message of the inner protocol, whose limit is 4 MiB.
EDITS_BYTES = 3 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class WholeFile:
    """The file, new or overwritten. An executable file stays executable."""

    path: str
    content: str
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Replacement:
    """Replaces the one place of an existing file where `search` stands."""

    path: str
    search: str
    replace: str


@dataclass(frozen=True, slots=True)
class Removal:
    """Removes one file."""

    path: str


Edit = WholeFile | Replacement | Removal


def find_oversize(edits: Sequence[Edit]) -> tuple[str, ...]:
    """Returns why the edits are too many or too big to be looked at, one reason a line; nothing when they are not.

    It is asked on both sides: before sending, so that a huge answer costs nothing, and again where it counts.
    """
    if len(edits) > EDITS_AT_ONCE:
        return (f"{len(edits)} edits at once; at most {EDITS_AT_ONCE} are taken",)
    sizes = [(edit, _size_bytes(edit)) for edit in edits]
    reasons = [
        f"`{edit.path[:200]}`: {size} bytes in one edit; at most {EDIT_BYTES} are taken"
        for edit, size in sizes
        if size > EDIT_BYTES
    ]
    total = sum(size for _, size in sizes)
    if not reasons and total > EDITS_BYTES:
        reasons.append(f"{total} bytes in all edits together; at most {EDITS_BYTES} are taken: make fewer at once")
    return tuple(reasons)


def _size_bytes(edit: Edit) -> int:
    match edit:
        case WholeFile(content=content):
            return _bytes(content)
        case Replacement(search=search, replace=replace):
            return _bytes(search) + _bytes(replace)
        case Removal():
            return 0


def _bytes(text: str) -> int:
    # Characters bound bytes from below: what is too long anyway is never encoded.
    return len(text) if len(text) > EDITS_BYTES else len(text.encode(errors="surrogatepass"))
