"""What agents and projects may be called.

These names are chosen by a model and become branches, step names and arguments of scaffold commands, so they are
checked by a strict rule and never repaired.
"""

import re

NAME_LENGTH = 32
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z")
# `main` is the branch that everything is merged into; the others stand for somebody else in events and steps.
_RESERVED = frozenset({"main", "head", "boss", "daemon", "user", "apply", "fix", "again"})


def is_name(text: str) -> bool:
    """Whether `text` is lower-case letters, digits and single dashes, begins with a letter and is not reserved."""
    return len(text) <= NAME_LENGTH and _NAME.match(text) is not None and text not in _RESERVED


def refuse_name(text: str, what: str) -> list[str]:
    """Why `text` is no name for `what`; empty when it is one."""
    if is_name(text):
        return []
    rule = f"lower-case letters, digits and single dashes, beginning with a letter, at most {NAME_LENGTH} characters"
    if text in _RESERVED:
        return [f"{what} may not be called {text!r}: that name is taken"]
    return [f"{what} may not be called {text[:60]!r}: use {rule}"]
