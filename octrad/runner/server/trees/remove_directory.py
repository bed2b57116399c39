"""Removes a directory that a command had in its hands: read-only directories, strange names, anything.

Never follows a symbolic link, and never changes anything outside of the directory.
"""

import contextlib
import errno
import itertools
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path


def remove_directory(path: Path) -> None:
    """Removes a directory and all below it; one that is not there is fine. Blocks: call it in a thread.

    Raises:
        OSError: something in it cannot be removed even after its directories were made writable.
    """
    if not os.path.lexists(path):
        return
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    try:
        shutil.rmtree(path)
    except (OSError, RecursionError):
        _remove_stubborn(path)


def make_accessible(path: Path) -> None:
    """Gives the owner back the right to read and change everything below a directory. Blocks.

    What is nested so deep that no path reaches it is left out.
    """
    pending = [str(path)]
    while pending:
        directory = pending.pop()
        with contextlib.suppress(FileNotFoundError), _reachable():
            _add_mode(directory, stat.S_IRWXU)
            with os.scandir(directory) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    else:
                        _add_mode(entry.path, stat.S_IRUSR)


@contextlib.contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise


def _remove_stubborn(top: Path) -> None:
    """Removes what has directories without rights, or nested deeper than a path or a recursion can follow.

    Whatever lies two levels down is moved one up until nothing does, so every path stays short.
    """
    names = (f"{secrets.token_hex(8)}-{number}" for number in itertools.count())
    _add_mode(str(top), stat.S_IRWXU)
    while children := list(os.scandir(top)):
        for child in children:
            if child.is_dir(follow_symlinks=False):
                _empty(child.path, top, names)
                Path(child.path).rmdir()
            else:
                Path(child.path).unlink()
    top.rmdir()


def _empty(directory: str, top: Path, names: Iterator[str]) -> None:
    _add_mode(directory, stat.S_IRWXU)
    for entry in list(os.scandir(directory)):
        if entry.is_dir(follow_symlinks=False):
            _add_mode(entry.path, stat.S_IRWXU)  # to be moved a directory must be writable
            Path(entry.path).rename(top / next(names))
        else:
            Path(entry.path).unlink()


def _add_mode(path: str, bits: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        mode = os.lstat(path).st_mode
        if not stat.S_ISLNK(mode) and mode & bits != bits:
            Path(path).chmod(stat.S_IMODE(mode) | bits)
