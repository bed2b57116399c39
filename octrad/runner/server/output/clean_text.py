"""Makes text that people and models can be shown of the bytes that a command wrote. Pure.

Invalid UTF-8 becomes U+FFFD. Terminal escapes (CSI, OSC, DCS and the like, with all that belongs to them) and every
control character but newline and tab are left out; a carriage return, with which programs draw over a line, becomes a
newline. So nothing that a command prints can move a cursor, set a title, or put a NUL into the database. The stored
output is not touched: it is the bytes as they came.
"""

import codecs
import re

# An escape whose end has not come yet is held back this long; longer ones are not escapes but an attempt at hiding.
_HELD_CHARACTERS = 4096

_REPLACED = re.compile(
    r"""
      (?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]                          # CSI: colours, cursor
    # OSC, DCS, SOS, PM, APC: strings. None begins within another, or text of beginnings would take quadratic time.
    | (?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\x9d\x90\x98\x9e\x9f]*(?:\x07|\x1b\\|\x9c)
    | \x1b[ -/]*[0-~]                                           # two and three characters
    | (?P<newline>\r\n?)
    | [\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]                # control characters
    """,
    re.VERBOSE,
)
_UNFINISHED = re.compile(
    r"""
    (?: \x1b (?: \[ [0-?]* [ -/]* | [\]PX^_] [^\x07\x1b\x9c\x9d\x90\x98\x9e\x9f]* \x1b? | [ -/]* )
      | \x9b [0-?]* [ -/]*
      | [\x9d\x90\x98\x9e\x9f] [^\x07\x1b\x9c\x9d\x90\x98\x9e\x9f]* \x1b?
      | \r
    ) \Z
    """,
    re.VERBOSE,
)


class TextCleaner:
    """Cleans a stream piece by piece; what a piece leaves open is held back until the next."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._held = ""

    def feed(self, chunk: bytes) -> str:
        """Returns the clean text of what was held back and `chunk`, as far as it is certain."""
        text = self._held + self._decoder.decode(chunk)
        unfinished = _UNFINISHED.search(text, max(0, len(text) - _HELD_CHARACTERS))
        cut = unfinished.start() if unfinished else len(text)
        self._held = text[cut:]
        return _clean(text[:cut])

    def finish(self) -> str:
        """Returns what is left; nothing comes after it."""
        text, self._held = self._held + self._decoder.decode(b"", final=True), ""
        return _clean(text)


def _clean(text: str) -> str:
    # In one pass: what is left out on one side of a cut cannot change what stands on the other.
    return _REPLACED.sub(lambda match: "\n" if match["newline"] else "", text)
