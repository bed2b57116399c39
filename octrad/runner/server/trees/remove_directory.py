"""Removes a directory that a command had in its hands: read-only directories, strange names, anything.

Never follows a symbolic link, and never changes anything outside of the directory.
"""

import contextlib
import os
import shutil
import stat
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
    except PermissionError:
        make_accessible(path)
        shutil.rmtree(path)


def make_accessible(path: Path) -> None:
    """Gives the owner back the right to read and change everything below a directory. Blocks."""
    _add_mode(path, stat.S_IRWXU)
    for directory, names, files in os.walk(path):
        for name in names:
            _add_mode(Path(directory) / name, stat.S_IRWXU)
        for name in files:
            _add_mode(Path(directory) / name, stat.S_IRUSR)


def _add_mode(path: Path, bits: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & bits != bits:
            path.chmod(stat.S_IMODE(mode) | bits)
