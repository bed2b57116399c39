"""Where in a file a rule could find something at all: one pass over the bytes, before any rule is asked. Pure.

Every rule needs one of these words, so a file without them is done with, and of the others only the surroundings of a
word are looked at: what a line costs does not grow with its length.
"""

import re
from collections.abc import Iterator

# Around a word: more than any rule has to see of a secret to know it.
BEFORE_BYTES = 128
BEHIND_BYTES = 4096

# Each begins with one plain character, the rarest of its word, and looks back for the rest: then the regular expression
# engine skips what is none of these without trying every word. It is eight times as fast.
WORDS = re.compile(
    rb"P(?:RIVATE KEY|uTTY-User-Key-File-)"
    rb"|A(?:3T[A-Z0-9]|BIA|CCA|KIA|SIA|Iza|ccountKey=)"
    rb"|w(?<=[Aa]w)[Ss]|W(?<=[Aa]W)[Ss]"
    rb"|_(?:(?<=gh[pousr]_)|(?<=github_)pat_|(?<=[rs]k_)live_|(?<=npm_)[A-Za-z0-9]{36})"
    rb"|-(?:(?<=gl[dfr]t-)|(?<=gl(?:pat|cbt|imt|ptt|oas)-)|(?<=glsoat-)|(?<=glagent-)"
    rb"|(?<=[Xx][Oo][Xx][ABPOSRabposr]-)|(?<=sk-)[A-Za-z0-9]|(?<=pypi-)Ag|(?<=sq0csp-))"
    rb"|GR1348941"
    rb"|\.(?<=[Hh][Oo][Oo][Kk][Ss]\.)[Ss][Ll][Aa][Cc][Kk]"
    rb"|S(?:G\.|K[0-9a-f]{32})"
    rb"|:(?:_authToken|AA)"
    rb"|J(?<=eyJ)"
    rb"|M[DTjz][AEIMQUYcgk][wxyz0-5][MNO][DTjz]"
    rb"|N[DTjz][AEIMQUYcgk][wxyz0-5][MNO][DTjz]"
    rb"|O[DTjz][AEIMQUYcgk][wxyz0-5][MNO][DTjz]"
)


def find_windows(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yields what is around the words, with its offset, from the left; words that are close together share a window."""
    covered = 0
    for match in WORDS.finditer(content):
        if match.start() >= covered:
            start = max(0, match.start() - BEFORE_BYTES)
            covered = match.start() + BEHIND_BYTES // 2
            yield start, content[start : match.start() + BEHIND_BYTES]
