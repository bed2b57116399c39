"""What plain text may hold: anything that can be read, and line breaks and tabs."""

import unicodedata

from octrad.foundation.errors import InvalidRequestError

_LAYOUT = "\n\r\t"


def require_plain_text(text: str, field: str) -> None:
    """Accepts text without control characters.

    Raises:
        InvalidRequestError: it holds one; the error names which, and where it stands.
    """
    for position, character in enumerate(text):
        if unicodedata.category(character) == "Cc" and character not in _LAYOUT:
            raise InvalidRequestError(
                f"{field} holds the control character U+{ord(character):04X} at position {position + 1}",
                field=field,
                hint="send plain text; line breaks and tabs are fine",
            )
