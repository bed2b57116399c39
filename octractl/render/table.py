"""Lays out columns of text. Pure."""

from collections.abc import Sequence

GAP = "  "


def display_width(text: str) -> int:
    """Returns how many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415 - a library of its own, for few

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def layout_table(header: Sequence[str], rows: Sequence[Sequence[str]], width: int = 0) -> list[str]:
    """Returns the lines of a table; the last column takes what is left.

    Args:
        header: names of the columns.
        rows: clean text, as many cells as the header has.
        width: columns of the terminal to cut each line to; 0 cuts nothing.
    """
    lines = [header, *rows]
    widths = [max(display_width(line[i]) for line in lines) for i in range(len(header) - 1)]
    return [_cut(_layout_row(line, widths), width) for line in lines]


def _layout_row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell + " " * (width - display_width(cell)) for cell, width in zip(cells, widths, strict=False)]
    return GAP.join([*padded, cells[-1]]).rstrip()


def _cut(line: str, width: int) -> str:
    if width <= 0 or display_width(line) <= width:
        return line
    while display_width(line) > width - 1:
        line = line[:-1]
    return line + "…"
