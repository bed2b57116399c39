"""Looks at and writes files of a work tree without ever following a symbolic link.

The tree is untrusted: commands that a model chose wrote in it. Every directory on the way is opened by name relative
to the one before it with O_NOFOLLOW, so that no path leads out of the tree, whatever stands in it. Nothing runs in
the tree meanwhile (the caller's lock).
"""

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from octrad.runner.edits import EDIT_BYTES
from octrad.runner.server.edits.apply_edits import Obstacle, PlainFile, Present, Wanted

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# Files that replacements may change; a bigger one is nothing that a model wrote.
_READ_BYTES = 8 * EDIT_BYTES


def look_at(work_dir: Path, path: str) -> Present:
    """Returns what is at `path`, which was judged already."""
    *parents, name = path.split("/")
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(_opened(os.open(work_dir, _DIRECTORY)))
        for parent in parents:
            mode = _mode(parent, directory)
            if mode is None:
                return None
            if not stat.S_ISDIR(mode):
                return Obstacle.SYMLINK if stat.S_ISLNK(mode) else Obstacle.BLOCKED
            directory = stack.enter_context(_opened(os.open(parent, _DIRECTORY, dir_fd=directory)))
        return _look_at_name(name, directory)


def _look_at_name(name: str, directory: int) -> Present:
    mode = _mode(name, directory)
    if mode is None:
        return None
    if stat.S_ISLNK(mode):
        return Obstacle.SYMLINK
    if stat.S_ISDIR(mode):
        return Obstacle.DIRECTORY
    if not stat.S_ISREG(mode):
        return Obstacle.SPECIAL
    with os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory), "rb") as file:
        content = file.read(_READ_BYTES + 1)
    if len(content) > _READ_BYTES:
        return Obstacle.HUGE
    return PlainFile(content, bool(mode & stat.S_IXUSR))


def write_files(work_dir: Path, files: Mapping[str, Wanted]) -> None:
    """Writes and removes the files. An error leaves a part done; the caller resets the tree.

    Raises:
        OSError: the disk is full, or the tree changed since it was looked at.
    """
    for path in sorted(path for path, wanted in files.items() if wanted is None):
        _remove(work_dir, path)
    for path, wanted in sorted(files.items()):
        if wanted is not None:
            _write(work_dir, path, wanted)


def _write(work_dir: Path, path: str, wanted: PlainFile) -> None:
    *parents, name = path.split("/")
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(_opened(os.open(work_dir, _DIRECTORY)))
        for parent in parents:
            with contextlib.suppress(FileExistsError):
                os.mkdir(parent, 0o755, dir_fd=directory)
            directory = stack.enter_context(_opened(os.open(parent, _DIRECTORY, dir_fd=directory)))
        # A new inode every time: an old one may have other names (hard links) or be held open.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=directory)
        with os.fdopen(os.open(name, _NEW_FILE, 0o644, dir_fd=directory), "wb") as file:
            file.write(wanted.content)
            os.fchmod(file.fileno(), 0o755 if wanted.executable else 0o644)


def _remove(work_dir: Path, path: str) -> None:
    *parents, name = path.split("/")
    # A file that one edit makes and a later one removes was never there, nor perhaps its directory.
    with contextlib.ExitStack() as stack, contextlib.suppress(FileNotFoundError):
        directory = stack.enter_context(_opened(os.open(work_dir, _DIRECTORY)))
        for parent in parents:
            directory = stack.enter_context(_opened(os.open(parent, _DIRECTORY, dir_fd=directory)))
        os.unlink(name, dir_fd=directory)


@contextlib.contextmanager
def _opened(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _mode(name: str, directory: int) -> int | None:
    try:
        return os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None
