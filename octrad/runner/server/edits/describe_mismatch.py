"""Tells a model why its search text does not stand exactly once in a file, so that it can do better. Pure."""

import difflib

# Comparing is quadratic at its worst: bounded, since file and search come from a model.
_LINES_COMPARED = 4000
_LINE_CHARACTERS = 80
_PLACES_SHOWN = 5


def describe_absence(text: str, search: str, *, with_nearest: bool = True) -> str:
    """Returns why `search` is not in `text`, with the lines that come nearest unless that is too much to ask."""
    if search.replace("\r\n", "\n") in text.replace("\r\n", "\n"):
        return "the text to search is there with other line ends (CRLF against LF); return the whole file"
    if not with_nearest:
        return "the text to search is not in the file; look at the file as it is now"
    nearest = _find_nearest(text, search)
    if not nearest:
        return "the text to search is not in the file, nor anything like it; look at the file as it is now"
    return f"the text to search is not in the file; nearest: {nearest}; copy the text exactly, blanks included"


def describe_repetition(text: str, search: str) -> str:
    """Returns where `search` stands in `text`."""
    lines: list[int] = []
    place = text.find(search)
    while place >= 0 and len(lines) <= _PLACES_SHOWN:
        lines.append(text.count("\n", 0, place) + 1)
        place = text.find(search, place + 1)
    shown = ", ".join(map(str, lines[:_PLACES_SHOWN])) + (" and more" if len(lines) > _PLACES_SHOWN else "")
    return f"the text to search stands more than once (lines {shown}); add lines around it so that it is unique"


def _find_nearest(text: str, search: str) -> str:
    wanted = next((line.strip() for line in search.splitlines() if line.strip()), "")[:_LINE_CHARACTERS]
    lines = [line.strip()[:_LINE_CHARACTERS] for line in text.splitlines()[:_LINES_COMPARED]]
    near = difflib.get_close_matches(wanted, sorted({line for line in lines if line}), n=2, cutoff=0.6)
    return ", ".join(f"line {lines.index(line) + 1} `{line}`" for line in near)
