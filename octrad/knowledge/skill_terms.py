"""The terms by which fragments and what is asked for meet: the words of a text, folded. Pure.

What differs only in its ending is one term (`retries`, `retried` and `retry`). Both sides are folded by the same rules,
so a stem need not be a word; it only has to be the same one.
"""

import re
import unicodedata
from typing import Final

# `c++`, `c#` and `n+1` are words.
_WORD: Final = re.compile(r"[^\W_]+(?:[+#]+[^\W_]*)?")
_SHORTEST_STEM: Final = 3
# Those of which a sentence is made, whatever it is about, and those that ask for something.
_STOP_WORDS: Final = frozenset(
    """
    a about above after all also an and any are as at be because been before being below between both but by can cannot
    could did do does doing each else for from further get give go had has have having he her here his how i if in into
    is it its itself just let made make makes making may me more most must my need needs never no nobody nor not nothing
    now of off on once one only or other others our ours out over own please put s same set shall she should so some
    somebody something such take t than that the their them then there these they this those through to too under until
    up us use used uses using very want wants was we well were what when where whether which while who whole why will
    with without would you your yours
    """.split()  # noqa: SIM905 - a list of a hundred literals cannot be read
)


def terms_of(text: str) -> list[str]:
    """The terms of a text, in order; words that say nothing are left out."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return [fold_ending(word) for word in words if word not in _STOP_WORDS]


def fold_ending(word: str) -> str:
    """Cuts what only tells number or tense of an English word; short words and those with digits stay as they are."""
    if not word.isascii() or not word.isalpha() or len(word) <= _SHORTEST_STEM:
        return word
    word = _without_plural(word)
    for ending in ("ing", "ed", "er"):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = _without_double(word.removesuffix(ending))
            break
    if len(word) > _SHORTEST_STEM and word[-1] == "e":
        return word[:-1]
    return f"{word[:-1]}i" if len(word) > _SHORTEST_STEM and word[-1] == "y" else word


def _without_plural(word: str) -> str:
    if word.endswith("ies") and len(word) > len("ties"):
        return f"{word.removesuffix('ies')}y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word.removesuffix("es")
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word.removesuffix("s")
    return word


def _without_double(stem: str) -> str:
    is_doubled = len(stem) > _SHORTEST_STEM and stem[-1] == stem[-2] and stem[-1] not in "lsz"
    return stem[:-1] if is_doubled else stem
