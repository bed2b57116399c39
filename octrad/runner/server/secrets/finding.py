"""Where a secret is and of what kind, and how that is told. Pure, and never the secret itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from octrad.runner.failures import SecretFoundError

FINDINGS_TOLD = 20
_PATH_CHARACTERS = 120
HINT = "allow it for this task if it is no real secret; else take it out of the project and its history"


@dataclass(frozen=True, slots=True)
class Finding:
    """One place: the path as it may be shown, the line from 1 (0: the path itself), and the rule that it broke.

    `in_history` when the files of the commit do not have it, only an earlier one.
    """

    path: str
    line: int
    rule: str
    in_history: bool = False


def describe_finding(finding: Finding) -> str:
    """A finding in a few words, whatever the path is."""
    printable = "".join(character if character.isprintable() else "?" for character in finding.path)
    path = printable if len(printable) <= _PATH_CHARACTERS else f"…{printable[-_PATH_CHARACTERS:]}"
    place = f"{path}:{finding.line}" if finding.line else path
    return f"{place} {finding.rule}" + (" (in the history)" if finding.in_history else "")


def secret_found(findings: Sequence[Finding]) -> SecretFoundError:
    """The error that refuses a snapshot; it tells the first findings and how many there are."""
    told = [describe_finding(finding) for finding in findings[:FINDINGS_TOLD]]
    more = len(findings) - len(told)
    places = "; ".join([*told, f"and {more} more"] if more else told)
    return SecretFoundError(f"what looks like a secret would be kept for good: {places}", hint=HINT)
