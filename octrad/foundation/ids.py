"""Short random ids that are easy to read out and type, so that any unique prefix can name a thing."""

import secrets
from typing import NewType

TaskId = NewType("TaskId", str)
SnapshotId = NewType("SnapshotId", str)

# Crockford's base 32 without vowels: no look-alikes, no words. The first letter is never a digit, so an id is also a
# valid name for a branch, a directory and a store path.
_LETTERS = "bcdfghjkmnpqrstvwxz"
_SYMBOLS = "23456789" + _LETTERS
ID_LENGTH = 10


def new_id() -> str:
    """Returns a fresh random id of `ID_LENGTH` characters (about 48 bits)."""
    return secrets.choice(_LETTERS) + "".join(secrets.choice(_SYMBOLS) for _ in range(ID_LENGTH - 1))


def is_id_prefix(text: str) -> bool:
    """Whether `text` could be the beginning of an id."""
    return 0 < len(text) <= ID_LENGTH and text[0] in _LETTERS and all(c in _SYMBOLS for c in text)
