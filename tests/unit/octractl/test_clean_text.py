import pytest
from hypothesis import given
from hypothesis import strategies as st

from octractl.render.clean_text import clean_block, clean_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a plain title", "a plain title"),
        ("\x1b[2J\x1b[Hgone", "\\x1b[2J\\x1b[Hgone"),
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\x9b31m", "\\x9b31m"),
        ("safe\u202etxt.exe", "safe\\u202etxt.exe"),
        ("日本語 é", "日本語 é"),
        ("10%\r50%\r\ndone", "10% 50% done"),
    ],
)
def test_line_shows_what_would_move_the_cursor(text: str, shown: str) -> None:
    assert clean_line(text) == shown


def test_line_is_cut_with_an_ellipsis() -> None:
    assert clean_line("abcdefghij", 5) == "abcd…"
    assert clean_line("abcde", 5) == "abcde"


@given(st.text(st.characters(codec=None)))
def test_block_never_holds_a_control_character(text: str) -> None:
    cleaned = clean_block(text)
    assert all(c in "\n\t" or (c >= " " and not "\x7f" <= c <= "\x9f") for c in cleaned)
    cleaned.encode()


@given(st.text())
def test_line_is_one_line(text: str) -> None:
    assert len(clean_line(text).splitlines()) <= 1
