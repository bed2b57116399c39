"""Takes a key out of a text: however it is spelled, and also where only a part of it is left. Pure.

Providers repeat keys in errors; libraries put them into addresses and headers, and cut long texts where it suits them.
"""

import base64
import json
from functools import lru_cache
from urllib.parse import quote

STRUCK_OUT = "[key]"
# Shorter ones are left in: they are words. No provider issues any.
SHORTEST = 6
# Of a spelling that is at least twice as long, so many characters are taken for a part of it, and half of it at least.
SHORTEST_PART = 8


def strike_out(text: str, key: str) -> str:
    """Returns the text without the key, in whatever spelling, and without any larger part of it."""
    spellings = _spellings(key)
    # Whole ones first: the part of one spelling may be a part of another, whose rest would stay.
    for spelling in spellings:
        text = text.replace(spelling, STRUCK_OUT)
    for spelling in spellings:
        text = _without_cut(_without_halves(text, spelling), spelling)
    return text


@lru_cache(maxsize=64)
def _spellings(key: str) -> tuple[str, ...]:
    """As it is, in an address, in JSON, in hexadecimal digits, and in base64 wherever it begins; the longest first."""
    data = key.encode()
    spellings = {key, quote(key, safe=""), quote(key), json.dumps(key)[1:-1], data.hex()}
    for skipped in range(3):
        encoded = base64.b64encode(b"\0" * skipped + data).decode()
        # Without the characters that also depend on what stands before and behind.
        own = encoded[-(-skipped * 8 // 6) : (skipped + len(data)) * 8 // 6]
        spellings |= {own, own.translate(str.maketrans("+/", "-_"))}
    return tuple(sorted((s for s in spellings if len(s) >= SHORTEST), key=lambda s: (-len(s), s)))


def _without_halves(text: str, spelling: str) -> str:
    if len(spelling) < 2 * SHORTEST_PART:
        return text
    size = max(SHORTEST_PART, len(spelling) // 2)
    if spelling[:size] in text:
        text = _without_parts(text, spelling, size)
    if spelling[-size:] in text:  # backwards, for what has lost its beginning
        text = _without_parts(text[::-1], spelling[::-1], size, STRUCK_OUT[::-1])[::-1]
    return text


def _without_parts(text: str, spelling: str, size: int, struck_out: str = STRUCK_OUT) -> str:
    """Strikes out what begins like the spelling, for `size` characters or more."""
    beginning = spelling[:size]
    kept = []
    at = 0
    while (found := text.find(beginning, at)) >= 0:
        end = found + size
        while end < len(text) and end - found < len(spelling) and text[end] == spelling[end - found]:
            end += 1
        kept += [text[at:found], struck_out]
        at = end
    return "".join([*kept, text[at:]])


def _without_cut(text: str, spelling: str) -> str:
    """Strikes out the beginning of the spelling that a cut text ends with."""
    cut = next((n for n in range(len(spelling) - 1, SHORTEST - 1, -1) if text.endswith(spelling[:n])), 0)
    return text[: len(text) - cut] + STRUCK_OUT if cut else text
