"""How a run ends, and what is left of its work then. Plain data: it is recorded before anything is wound up. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class EndKind(StrEnum):
    """How a run ends."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ends.

    Args:
        kind: how.
        commit: what is snapshotted; empty when there is nothing yet.
        code: that of the error that ended it.
        message: what the error said.
        hint: what the error said to do.
        failure_class: of the last model that was asked, where no model answered.
        reason: finer than code and class: the gateway's reason, or the limit that ended a check.
        step: the one that failed; empty when it was none in particular.
    """

    kind: EndKind
    commit: str = ""
    code: str = ""
    message: str = ""
    hint: str = ""
    failure_class: str = ""
    reason: str = ""
    step: str = ""


class Kept(StrEnum):
    """What is left of the work."""

    SNAPSHOT = "snapshot"
    NOTHING = "nothing"
    # It could not be snapshotted, so the working directory was not removed.
    TREE = "tree"
    # Likewise, because it holds what looks like a secret.
    REFUSED = "refused"
    # The run was given up and never wound up: all is as it was left.
    UNTOUCHED = "untouched"
