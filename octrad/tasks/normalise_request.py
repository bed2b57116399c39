"""When two requests are the same text: case, spacing, the forms of one character and the last full stop do not count.

Pure. What is inside a text counts, punctuation too: `a-b` and `a b` may be two programs.
"""

import hashlib
import unicodedata
from typing import Final

_ENDS: Final = ".,;:!?。 "


def normalise_request(text: str) -> str:
    """The text as it is compared. Normalised again it stays as it is."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split()).strip(_ENDS)


def hash_request(text: str) -> str:
    """The SHA-256 of the normalised text."""
    return hashlib.sha256(normalise_request(text).encode("utf-8", "replace")).hexdigest()
