"""Copies a tree out of the Nix store into a new directory.

Modes are those that `nix-store --restore` would give: files 0644 or 0755, directories 0755; symlinks stay as they
are; nothing else is kept, and hard links are split.

GNU cp does the copying: it takes half the time of the best that Python could (sharing blocks where the file system
can), and `--no-preserve=mode` under our umask gives every mode but the execute bit, which we look up meanwhile.
"""

import errno
import os
import stat
import subprocess
import threading
from pathlib import Path

ARGV = ("cp", "-R", "-P", "-T", "--no-preserve=mode", "--reflink=auto", "--")
UMASK = 0o022
# How soon a copy that nobody wants any more ends.
STOP_WITHIN_S = 0.1


class CopyStoppedError(Exception):
    """Whoever asked for the copy no longer wants it."""


def copy_tree(source: Path, target: Path, stop: threading.Event) -> None:
    """Copies the directory `source` into the empty directory `target`.

    Not for the main thread: a signal's exception that came up while cp is started could leave it behind.

    Args:
        source: a tree of directories, files and symlinks.
        target: an empty directory.
        stop: ends the copy when it is set, and with it cp.

    Raises:
        CopyStoppedError: `stop` was set.
        OSError: reading or writing failed; what was copied until then stays. Also when `source` holds something that
            is neither file, directory nor symlink.
    """
    process = subprocess.Popen(
        [*ARGV, source, target],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        umask=UMASK,
        start_new_session=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    with process:
        try:
            executables = find_executables(os.fsencode(source))
            stderr = _wait(process, stop)
        finally:
            process.kill()
    if process.returncode:
        raise OSError(errno.EIO, stderr.decode(errors="replace").strip()[:1000] or "cp failed")
    for path in executables:
        os.chmod(os.path.join(os.fsencode(target), path), 0o755)  # noqa: PTH101, PTH118, S103 - bytes: names need not be UTF-8


def _wait(process: subprocess.Popen[bytes], stop: threading.Event) -> bytes:
    while True:
        if stop.is_set():
            raise CopyStoppedError
        try:
            return process.communicate(timeout=STOP_WITHIN_S)[1]
        except subprocess.TimeoutExpired:
            continue


def find_executables(root: bytes) -> list[bytes]:
    """Returns the files below `root` that their owner may execute, relative to it.

    Raises:
        OSError: something cannot be read, or is neither file, directory nor symlink.
    """
    found, pending = [], [b""]
    while pending:
        directory = pending.pop()
        with os.scandir(os.path.join(root, directory)) as entries:  # noqa: PTH118 - bytes, as above
            for entry in entries:
                path = os.path.join(directory, entry.name)  # noqa: PTH118 - bytes, as above
                if entry.is_dir(follow_symlinks=False):
                    pending.append(path)
                elif entry.is_file(follow_symlinks=False):
                    if entry.stat(follow_symlinks=False).st_mode & stat.S_IXUSR:
                        found.append(path)
                elif not entry.is_symlink():
                    raise OSError(errno.EINVAL, "neither file, directory nor symlink", path)
    return found
