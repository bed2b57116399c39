"""Whose chain of models each question is put to, and which of them may have a long answer. Pure.

A reviewer has a chain of its own, although a manager speaks: whoever judges work should not be the model that did it.
"""

from collections.abc import Mapping
from typing import Final

from octrad.gateway.calls import ModelRole

_ROLES: Final[Mapping[str, ModelRole]] = {
    "grade": ModelRole.BOSS,
    "plan": ModelRole.BOSS,
    "validate": ModelRole.BOSS,
    "assign": ModelRole.MANAGER,
    "review": ModelRole.REVIEWER,
    "work": ModelRole.WORKER,
    "fix": ModelRole.WORKER,
    "advise": ModelRole.ADVISOR,
}
# Whole files come with these.
_LONG: Final = frozenset({"work", "fix"})


def role_of(question: str) -> ModelRole:
    """Returns whose chain is asked."""
    return _ROLES[question]


def is_long(question: str) -> bool:
    """Whether the answer may be long, and is followed while it comes."""
    return question in _LONG
