"""Where in a file a rule could find something at all: one pass over the bytes, before any rule is asked. Pure.

Every rule needs one of these words, so a file without them is done with, and of the others only the surroundings of a
word are looked at: what a line costs does not grow with its length.
"""

import re
from collections.abc import Iterator

# Around a word: more than any rule has to see of a secret to know it.
BEFORE_BYTES = 128
BEHIND_BYTES = 2048

_WORDS = re.compile(
    rb"PRIVATE KEY|PuTTY-User-Key-File-"
    rb"|A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA|[Aa][Ww][Ss]"
    rb"|gh[pousr]_|github_pat_|gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas)-|GR1348941"
    rb"|[Xx][Oo][Xx][ABPOSRabposr]-|[Hh][Oo][Oo][Kk][Ss]\.[Ss][Ll][Aa][Cc][Kk]|[rs]k_live_|sk-[A-Za-z0-9]"
    rb"|npm_[A-Za-z0-9]{36}|:_authToken|pypi-Ag|SG\.|SK[0-9a-f]{32}|sq0csp-|AccountKey=|AIza|eyJ|:AA"
    rb"|[MNO][DTjz][AEIMQUYcgk][wxyz0-5][MNO][DTjz]"
)


def find_windows(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yields what is around the words, with its offset, from the left; words that are close together share a window."""
    covered = 0
    for match in _WORDS.finditer(content):
        if match.start() >= covered:
            start = max(0, match.start() - BEFORE_BYTES)
            covered = match.start() + BEHIND_BYTES // 2
            yield start, content[start : match.start() + BEHIND_BYTES]
