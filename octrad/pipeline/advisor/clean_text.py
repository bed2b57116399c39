"""Makes text that a model, a provider or a command wrote plain: no control characters, and nothing that hides. Pure.

The note is stored and goes into logs, mails and prompts, so it is cleaned here, and not only where it is shown.
"""

import re

# Escape sequences whole, so that nothing of them is left to read.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?", re.DOTALL)
# C0 but for tab and newline, DEL, C1, lone surrogates, and what turns the direction of text or hides in it.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_SPACES = re.compile(r"\s+")


def clean_block(text: str) -> str:
    """The text with plain newlines and without what cannot be seen."""
    return _UNSAFE.sub("", _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n"))


def clean_line(text: str, width: int = 0) -> str:
    """The text in one line, cut to `width` characters with an ellipsis; 0 leaves it whole."""
    line = _SPACES.sub(" ", clean_block(text)).strip()
    return line if width <= 0 or len(line) <= width else line[: width - 1].rstrip() + "…"
