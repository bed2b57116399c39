"""Finds in a tool's output the errors that its guide knows. Pure.

No regular expressions: whoever writes a guide copies a line of the tool's, and no output can make the search slow.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from octrad.knowledge.guides import ANYTHING, Guide, GuideError


@dataclass(frozen=True, slots=True)
class KnownError:
    """An error of a guide that stands in an output."""

    guide: Guide
    error: GuideError


def match_errors(guides: Sequence[Guide], output: str) -> tuple[KnownError, ...]:
    """The known errors of an output, in the order in which they first stand there: the first is often the cause.

    Of several that first stand in one line, the one that says most of it.
    """
    lines = [" ".join(line.split()) for line in output.splitlines()]
    found: dict[int, tuple[int, KnownError]] = {}
    for guide in guides:
        for error in guide.errors:
            pieces = _pieces(error)
            at = next((number for number, line in enumerate(lines) if _holds(line, pieces)), None)
            said = sum(map(len, pieces))
            if at is not None and (at not in found or said > found[at][0]):
                found[at] = (said, KnownError(guide, error))
    return tuple(known for _, (_, known) in sorted(found.items(), key=lambda one: one[0]))


def _pieces(error: GuideError) -> list[str]:
    return [piece for piece in map(str.strip, error.says.split(ANYTHING)) if piece]


def _holds(line: str, pieces: Sequence[str]) -> bool:
    """Whether the pieces stand in the line one after the other."""
    at = 0
    for piece in pieces:
        at = line.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return True
