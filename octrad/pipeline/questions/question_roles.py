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


def roles_of_work(*, divided: bool, words_note: bool) -> tuple[ModelRole, ...]:
    """Who may be asked something in a task, in the order of `ModelRole`.

    Args:
        divided: whether managers may divide the work among several workers.
        words_note: whether a model may word the note, should the task fail.
    """
    left_out = {
        *(() if divided else (ModelRole.MANAGER, ModelRole.REVIEWER)),
        *(() if words_note else (ModelRole.ADVISOR,)),
    }
    return tuple(role for role in ModelRole if role not in left_out)


def is_long(question: str) -> bool:
    """Whether the answer may be long, and is followed while it comes."""
    return question in _LONG
