"""Looks for secrets in the bytes of one file. Blocks; the caller gives it a thread."""

from collections.abc import Iterator

from octrad.runner.server.secrets.library import load_library
from octrad.runner.server.secrets.prefilter import find_windows
from octrad.runner.server.secrets.rules import OWN_RULES, without_placeholders

# git's own measure of what is binary.
_HEAD_BYTES = 8000
_BINARY_RULE = "Private Key"
_BINARY_MARKERS = (b"PRIVATE KEY", b"PuTTY-User-Key-File-")
_WIDE = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def search_content(content: bytes) -> tuple[tuple[int, str], ...]:
    """Returns the line, from 1, and the rule of every secret, in order.

    In a binary file only private keys are found: of the other shapes chance makes some.
    """
    if b"\0" in content[:_HEAD_BYTES] and content[:2] not in _WIDE:
        return _search_binary(content)
    wide = _WIDE.get(content[:2])
    text = content.decode(wide, errors="replace").encode() if wide else content
    return tuple(dict.fromkeys(_with_lines(text, sorted(set(_search(text))))))


def _search_binary(content: bytes) -> tuple[tuple[int, str], ...]:
    if not any(marker in content for marker in _BINARY_MARKERS):
        return ()
    found = sorted((offset, rule) for offset, rule in set(_search(content)) if rule == _BINARY_RULE)
    return tuple(dict.fromkeys(_with_lines(content, found)))


def _with_lines(content: bytes, found: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    line, counted = 1, 0
    for offset, rule in found:
        line += content.count(b"\n", counted, offset)
        counted = offset
        yield line, rule


def _search(content: bytes) -> Iterator[tuple[int, str]]:
    for start, window in find_windows(content):
        # One character a byte, so that places in both are the same.
        text = without_placeholders(window.decode("latin-1"))
        for name, pattern in OWN_RULES.items():
            yield from ((start + match.start(), name) for match in pattern.finditer(text))
        for rule in load_library():
            yield from ((start + place, rule.name) for place in rule.find(text))
