"""Reads a Nix archive (NAR), strictly: what could write outside the target or twice to one place is refused. Pure.

The format is that of Nix's `nix-store --dump` (Dolstra, "The Purely Functional Software Deployment Model", figure
5.2): strings are a 64-bit little-endian length, the bytes, and zeros up to a multiple of 8; names ascend.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAGIC = b"nix-archive-1"
# NAME_MAX and PATH_MAX of Linux, which no archive of a real tree exceeds.
MAX_NAME_BYTES = 255
MAX_TARGET_BYTES = 4095
MAX_DEPTH = 2048
CONTENT_BYTES = 1024 * 1024


class NarError(ValueError):
    """The archive is not one, or holds what it may not."""


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory; its entries follow it."""

    path: bytes


@dataclass(frozen=True, slots=True)
class File:
    """A file; `size_bytes` of content follow it."""

    path: bytes
    executable: bool
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Content:
    """A part of the file before it."""

    chunk: bytes


@dataclass(frozen=True, slots=True)
class Symlink:
    """A symlink, which may point anywhere: it is made, never followed."""

    path: bytes
    target: bytes


Entry = Directory | File | Content | Symlink


def read_archive(parts: Iterable[bytes]) -> Iterator[Entry]:
    """Yields what an archive holds, parents first. Paths are relative, `/` between names, empty for the root.

    Raises:
        NarError: it is cut short, malformed, or holds a name that is not one plain name or is out of order.
    """
    tape = _Tape(parts)
    tape.expect(MAGIC)
    yield from _read_nodes(tape)
    tape.expect_end()


def _read_nodes(tape: "_Tape") -> Iterator[Entry]:
    # The directories that are open, each with the name that was read last in it. No recursion: depth is the sender's.
    last_names: list[bytes] = []
    while True:
        path = b"/".join(last_names)
        tape.expect(b"(")
        tape.expect(b"type")
        match tape.token():
            case b"directory":
                yield Directory(path)
                last_names.append(b"")
            case b"regular":
                yield from _read_file(tape, path)
                _close(tape, last_names)
            case b"symlink":
                yield _read_symlink(tape, path)
                _close(tape, last_names)
            case other:
                raise NarError(f"an entry of unknown type {other[:20]!r}")
        if not _enter_next(tape, last_names):
            return


def _close(tape: "_Tape", last_names: list[bytes]) -> None:
    tape.expect(b")")
    if last_names:
        tape.expect(b")")


def _enter_next(tape: "_Tape", last_names: list[bytes]) -> bool:
    """Goes on to the next entry, leaving directories that end; False at the end of the root."""
    while last_names:
        match tape.token():
            case b"entry":
                tape.expect(b"(")
                tape.expect(b"name")
                last_names[-1] = _checked_name(tape.string(MAX_NAME_BYTES), last_names)
                tape.expect(b"node")
                return True
            case b")":
                last_names.pop()
                if last_names:
                    tape.expect(b")")
            case other:
                raise NarError(f"expected an entry, found {other[:20]!r}")
    return False


def _checked_name(name: bytes, last_names: list[bytes]) -> bytes:
    if name in {b"", b".", b".."} or b"/" in name or b"\0" in name:
        raise NarError(f"a name that is not allowed: {name!r}")
    if name <= last_names[-1]:
        raise NarError(f"names out of order: {name!r} after {last_names[-1]!r}")
    if len(last_names) > MAX_DEPTH:
        raise NarError(f"deeper than {MAX_DEPTH} directories")
    return name


def _read_file(tape: "_Tape", path: bytes) -> Iterator[Entry]:
    token = tape.token()
    executable = token == b"executable"
    if executable:
        tape.expect(b"")
        token = tape.token()
    if token != b"contents":
        raise NarError(f"expected contents, found {token[:20]!r}")
    size_bytes = tape.number()
    yield File(path, executable, size_bytes)
    for chunk in tape.content(size_bytes):
        yield Content(chunk)


def _read_symlink(tape: "_Tape", path: bytes) -> Symlink:
    tape.expect(b"target")
    target = tape.string(MAX_TARGET_BYTES)
    if not target or b"\0" in target:
        raise NarError(f"a symlink to nothing: {path!r}")
    return Symlink(path, target)


class _Tape:
    """Bytes that come in parts, read as the format's numbers and strings."""

    __slots__ = ("_buffer", "_at", "_parts")  # noqa: RUF023 - in the order of their use

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._buffer = b""
        self._at = 0

    def number(self) -> int:
        return int.from_bytes(self._take(8), "little")

    def string(self, limit: int) -> bytes:
        length = self.number()
        if length > limit:
            raise NarError(f"a string of {length} bytes where at most {limit} are allowed")
        padded = self._take(length + -length % 8)
        if any(padded[length:]):
            raise NarError("padding that is not zero")
        return padded[:length]

    def token(self) -> bytes:
        return self.string(16)

    def expect(self, token: bytes) -> None:
        found = self.token()
        if found != token:
            raise NarError(f"expected {token.decode()!r}, found {found!r}")

    def content(self, size_bytes: int) -> Iterator[bytes]:
        left = size_bytes
        while left:
            chunk = self._some(min(left, CONTENT_BYTES))
            left -= len(chunk)
            yield chunk
        if any(self._take(-size_bytes % 8)):
            raise NarError("padding that is not zero")

    def expect_end(self) -> None:
        if self._at < len(self._buffer) or any(len(part) for part in self._parts):
            raise NarError("bytes after the end of the archive")

    def _take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._buffer):
            self._fill(size)
            end = size
        taken = self._buffer[self._at : end]
        self._at = end
        return taken

    def _fill(self, size: int) -> None:
        pieces, have = [self._buffer[self._at :]], len(self._buffer) - self._at
        while have < size:
            piece = next(self._parts, None)
            if piece is None:
                raise NarError("the archive is cut short")
            pieces.append(piece)
            have += len(piece)
        self._buffer, self._at = b"".join(pieces), 0

    def _some(self, limit: int) -> bytes:
        if self._at >= len(self._buffer):
            self._fill(1)
        return self._take(min(limit, len(self._buffer) - self._at))
