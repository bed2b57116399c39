import gzip
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.foundation.errors import InvalidRequestError, NotFoundError
from octrad.runner.server.output.clean_text import TextCleaner
from octrad.runner.server.output.keep_ends import OutputEnds
from octrad.runner.server.output.output_store import OutputStore
from octrad.runner.server.output.pace_output import BURST_PIECES, GATHER_S, PIECE_CHARACTERS, OutputPacer


def clean(*chunks: bytes) -> str:
    cleaner = TextCleaner()
    return "".join(cleaner.feed(chunk) for chunk in chunks) + cleaner.finish()


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (b"plain\ttext\n", "plain\ttext\n"),
        (b"\x1b[1;31mred\x1b[0m", "red"),
        (b"\x1b]0;title\x07after", "after"),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1bP1$r\x1b\\x", "x"),
        (b"\x1b(Bx\x1bcy", "xy"),
        (b"10%\r20%\r\n", "10%\n20%\n"),
        (b"a\r\x1b[0m\nb", "a\n\nb"),
        (b"nul\0bell\x07del\x7f", "nulbelldel"),
        (b"caf\xc3\xa9 \xff!", "café �!"),
        ("\x9b31mred\x85".encode(), "red"),
        (b"\x1b", ""),
    ],
)
def test_output_is_shown_without_what_moves_a_terminal(written: bytes, shown: str) -> None:
    assert clean(written) == shown


@given(
    st.binary(max_size=80) | st.text(st.sampled_from("\x1b[]\\;m0\x07\rPab\n"), max_size=40).map(str.encode), st.data()
)
def test_cleaning_does_not_depend_on_how_the_output_is_cut(written: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(written)))
    assert clean(written[:cut], written[cut:]) == clean(written)


@given(st.lists(st.binary(max_size=20)))
def test_clean_text_has_no_control_characters(chunks: list[bytes]) -> None:
    assert all(
        c in "\n\t" or c.isprintable() or c == "�" or not (ord(c) < 32 or 127 <= ord(c) < 160) for c in clean(*chunks)
    )


@pytest.mark.parametrize("start", ["\x9d", "\x1b]", "\x9b", "\x1b[", "\x1b", "\x9dx\x1b"])
def test_output_made_of_beginnings_of_escapes_is_cleaned_in_no_time(start: str) -> None:
    begun = time.process_time()
    TextCleaner().feed((start * 30_000).encode())
    assert time.process_time() - begun < 1


def test_endless_escape_is_not_held_back_for_ever() -> None:
    cleaner = TextCleaner()
    cleaner.feed(b"\x1b]0;")
    assert "".join(cleaner.feed(b"x" * 1000) for _ in range(20))


@given(st.lists(st.text(max_size=9)), st.integers(1, 8))
def test_head_and_tail_are_the_ends_of_the_whole(pieces: list[str], limit: int) -> None:
    ends = OutputEnds(limit)
    for piece in pieces:
        ends.feed(piece)
    whole = "".join(pieces)
    assert ends.head == whole[:limit]
    assert ends.tail == whole[limit:][-limit:]


def test_burst_goes_out_whole() -> None:
    pacer = OutputPacer(0.0)
    text = "x" * (PIECE_CHARACTERS * 10)
    pieces = pacer.feed(text, 0.0) + pacer.finish()
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.skipped_bytes == 0 for piece in pieces)


def test_small_output_waits_to_be_gathered() -> None:
    pacer = OutputPacer(0.0)
    assert [piece.text for piece in pacer.feed("a", 0.0) + pacer.take(0.01)] == ["a"]
    assert pacer.feed("b", 0.02) == []
    assert pacer.take(0.03) == []
    assert [piece.text for piece in pacer.take(0.02 + GATHER_S)] == ["b"]


def test_flood_is_bounded_and_every_byte_accounted_for() -> None:
    pacer, pieces, written = OutputPacer(0.0), [], 0
    for step in range(2000):
        written += PIECE_CHARACTERS
        pieces += pacer.feed("y" * PIECE_CHARACTERS, step / 100)
    pieces += pacer.finish()
    assert len(pieces) < BURST_PIECES + 100
    assert sum(len(piece.text) + piece.skipped_bytes for piece in pieces) == written


def test_output_is_read_while_it_is_written_and_after(tmp_path: Path) -> None:
    store = OutputStore(tmp_path)
    writer = store.open("task/work/x/1/#1")
    writer.write(b"first ")
    writer.flush()
    assert store.read("task/work/x/1/#1", 0, 100).chunk == b"first "
    assert not store.read("task/work/x/1/#1", 6, 100).complete
    writer.write(b"second")
    writer.close()
    part = store.read("task/work/x/1/#1", 6, 100)
    assert (part.chunk, part.next_offset, part.complete) == (b"second", 12, True)


@pytest.mark.parametrize("page", [997, 7000, 65536, 65537, 90_000, 1_000_000])
def test_pages_make_up_the_whole(tmp_path: Path, page: int) -> None:
    block = b"".join(b"%d\n" % number for number in range(40_000))
    store = OutputStore(tmp_path)
    writer = store.open("t/s/#1")
    for start in range(0, len(block), 7000):
        writer.write(block[start : start + 7000])
    writer.close()
    read, offset, complete = b"", 0, False
    while not complete:
        part = store.read("t/s/#1", offset, page)
        read, offset, complete = read + part.chunk, part.next_offset, part.complete
    assert read == block


def test_without_attempt_the_newest_is_read(tmp_path: Path) -> None:
    store = OutputStore(tmp_path)
    for attempt in (1, 2, 10):
        writer = store.open(f"task/fix/#{attempt}")
        writer.write(str(attempt).encode())
        writer.close()
    store.open("task/fix/apply/#99").close()
    assert store.read("task/fix", 0, 10).chunk == b"10"


def test_output_made_again_replaces_the_former(tmp_path: Path) -> None:
    store = OutputStore(tmp_path)
    for text in (b"long former output", b"new"):
        writer = store.open("t/s/#1")
        writer.write(text)
        writer.close()
    assert store.read("t/s/#1", 0, 100).chunk == b"new"


def test_stored_output_is_plain_gzip(tmp_path: Path) -> None:
    writer = OutputStore(tmp_path).open("t/s/#1")
    for _ in range(3):
        writer.write(b"x" * 70_000)
    writer.close()
    (log,) = tmp_path.rglob("*.gz")
    assert gzip.decompress(log.read_bytes()) == b"x" * 210_000


@pytest.mark.parametrize("name", ["../x/#1", "a/../../b/#1", "/etc/#1", "a//#1", "a/b", ".hidden/#1", "a/#x", "a\0/#1"])
def test_id_that_is_no_id_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidRequestError):
        OutputStore(tmp_path).open(name)


def test_unknown_output_is_not_found(tmp_path: Path) -> None:
    for name in ("t/s", "t/s/#1"):
        with pytest.raises(NotFoundError):
            OutputStore(tmp_path).read(name, 0, 1)


def test_old_output_is_pruned(tmp_path: Path) -> None:
    store = OutputStore(tmp_path)
    writer = store.open("t/s/#1")
    writer.write(b"x")
    writer.close()
    assert store.prune(0.0) == 0
    assert store.prune(4e9) == 2
    with pytest.raises(NotFoundError):
        store.read("t/s", 0, 1)
