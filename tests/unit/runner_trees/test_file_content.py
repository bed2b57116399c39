from hypothesis import given
from hypothesis import strategies as st

from octrad.runner.server.trees.read_files import file_content


def test_text_that_fits_comes_whole() -> None:
    content = file_content("a", "grüße\n".encode(), 100)
    assert (content.content, content.truncated, content.binary) == ("grüße\n", False, False)


def test_bytes_that_are_not_text_are_marked_and_not_sent() -> None:
    for raw in (b"\xff\xfe", b"a\0b"):
        assert file_content("a", raw, 100) == file_content("a", raw, 0)
        assert file_content("a", raw, 100).binary


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8")), st.integers(-1, 40))
def test_a_cut_is_a_beginning_within_the_limit_and_never_half_a_character(text: str, limit: int) -> None:
    content = file_content("a", text.encode(), limit)
    assert text.startswith(content.content)
    assert len(content.content.encode()) <= max(limit, 0)
    assert content.truncated == (len(text.encode()) > limit)
