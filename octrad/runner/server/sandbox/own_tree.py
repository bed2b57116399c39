"""Gives a work tree to the uid that commands run under, when the runner is root.

Never follows a symbolic link, and changes only what is not that uid's yet: after the first command that is what the
runner itself wrote since.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path


def own_tree(work_dir: Path, uid: int, *, below: Path) -> None:
    """Makes `uid` the owner of the directory and of all that is in it, and lets it pass through the ones above.

    Args:
        work_dir: the work tree; nothing runs in it meanwhile.
        uid: the new owner, and group.
        below: the directory from which on the way must be open.

    Raises:
        OSError: the disk refuses.
    """
    for parent in (below, *(below / part for part in work_dir.relative_to(below).parents if part.parts)):
        _open_way(parent)
    if work_dir.lstat().st_uid != uid:
        os.lchown(work_dir, uid, uid)
    directories = [str(work_dir)]
    while directories:
        with _reachable(), os.scandir(directories.pop()) as entries:
            for entry in entries:
                if entry.stat(follow_symlinks=False).st_uid != uid:
                    os.lchown(entry.path, uid, uid)
                if entry.is_dir(follow_symlinks=False):
                    directories.append(entry.path)


@contextlib.contextmanager
def _reachable() -> Iterator[None]:
    """What is nested so deep that no path reaches it is the work of a command, and so that uid's already."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise


def _open_way(directory: Path) -> None:
    mode = directory.stat().st_mode & 0o7777
    if not mode & 0o001:
        directory.chmod(mode | 0o001)
