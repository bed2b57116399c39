"""Makes text that a model or a command wrote safe to print: it can neither move the cursor nor hide anything. Pure."""

import re

# Colours and the like of a command's output: harmless, and only noise when shown.
_STYLE = re.compile(r"\x1b\[[0-9;:]*m")
# C0 but for tab and newline, DEL, C1, lone surrogates, and what turns the direction of text or hides in it.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_SPACES = re.compile(r"\s+")


def clean_block(text: str) -> str:
    """Returns text of several lines, with every control character visible and line ends made plain newlines."""
    return _UNSAFE.sub(_escape, _STYLE.sub("", text).replace("\r\n", "\n").replace("\r", "\n"))


def clean_line(text: str, width: int = 0) -> str:
    """Returns text in one line, with every control character visible.

    Args:
        text: what somebody else wrote.
        width: characters to cut it to, with an ellipsis; 0 leaves it whole.
    """
    line = _SPACES.sub(" ", clean_block(text)).strip()
    return line if width <= 0 or len(line) <= width else line[: width - 1].rstrip() + "…"


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
