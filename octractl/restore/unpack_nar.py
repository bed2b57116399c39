"""Writes what a Nix archive holds into a new directory, and computes the archive's hash on the way."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

from octractl.restore.nar import Content, Directory, File, NarError, Symlink, read_archive

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


def unpack_nar(parts: Iterable[bytes], target: Path) -> str:
    """Unpacks an archive whose root is a directory into the empty directory `target`.

    Returns:
        The hash of the archive, `sha256:` and 64 hexadecimal digits. Nothing that was written may be used before the
        caller has compared it.

    Raises:
        NarError: the archive is malformed or its root is no directory.
        OSError: writing failed.
    """
    digest = hashlib.sha256()
    with _Unpacker(os.fsencode(target)) as unpacker:
        for entry in read_archive(_hashed(parts, digest)):
            match entry:
                case Content(chunk):
                    unpacker.write(chunk)
                case Directory(path):
                    unpacker.make_directory(path)
                case File(path, executable, _):
                    unpacker.open_file(path, executable=executable)
                case Symlink(path, symlink_target):
                    unpacker.make_symlink(path, symlink_target)
    return f"sha256:{digest.hexdigest()}"


def _hashed(parts: Iterable[bytes], digest: "hashlib._Hash") -> Iterator[bytes]:
    for part in parts:
        digest.update(part)
        yield part


class _Unpacker:
    """Makes entries below a directory. The reader's names are plain and unique, so no path leads through a symlink."""

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def make_directory(self, path: bytes) -> None:
        self._close()
        if path:
            os.mkdir(self._place(path))  # noqa: PTH102 - bytes: names need not be UTF-8
            os.chmod(self._place(path), 0o755)  # noqa: PTH101, S103 - as above

    def open_file(self, path: bytes, *, executable: bool) -> None:
        self._close()
        self._file = os.open(self._place(path), _CREATE, 0o600)
        os.fchmod(self._file, 0o755 if executable else 0o644)

    def make_symlink(self, path: bytes, target: bytes) -> None:
        self._close()
        os.symlink(target, self._place(path))  # noqa: PTH211 - as above

    def write(self, chunk: bytes) -> None:
        while chunk:
            chunk = chunk[os.write(self._file, chunk) :]

    def _place(self, path: bytes) -> bytes:
        if not path:
            raise NarError("the archive is not of a directory")
        return self._root + b"/" + path

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
