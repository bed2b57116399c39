"""The socket that a server of ours listens on: the one that systemd opened for us, or one that we bind ourselves.

gRPC can do neither with care: it unlinks a socket that it was given, and it makes its own with whatever umask there
is. What systemd passes is documented at https://www.freedesktop.org/software/systemd/man/sd_listen_fds.html.
"""

import contextlib
import fcntl
import os
import socket
import stat
from pathlib import Path

from octrad.foundation.errors import ConfigurationError

BACKLOG = 1024
_FIRST_FD = 3
_VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


def open_listener(path: Path, *, mode: int) -> socket.socket:
    """A listening, non-blocking socket: systemd's where one was passed, else one of our own at `path`.

    The caller holds a lock, so that no other process serves at `path`: a socket that was left there is replaced.
    Closing our own removes its file; one that systemd passed is systemd's, and stays.

    Args:
        path: where to bind when none was passed.
        mode: who may connect to our own, as permission bits; systemd's socket has the mode that its unit says.

    Raises:
        ConfigurationError: what was passed is no listening Unix socket, or `path` cannot be bound.
    """
    return _passed_listener() or _bind_listener(path, mode)


def _passed_listener() -> socket.socket | None:
    """Takes systemd's socket, if there is one for this process, and forgets the variables: no child may take it too."""
    pid, count, _ = (os.environ.pop(name, "") for name in _VARIABLES)
    if pid != str(os.getpid()) or not count.isdigit() or int(count) == 0:
        return None
    for fd in range(_FIRST_FD, _FIRST_FD + int(count)):
        fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    for fd in range(_FIRST_FD, _FIRST_FD + int(count)):
        if _listens(fd):
            listener = socket.socket(fileno=fd)
            listener.settimeout(0)
            return listener
    raise ConfigurationError(
        "systemd passed no listening Unix socket", hint="the .socket unit needs ListenStream= with an absolute path"
    )


def _listens(fd: int) -> bool:
    with contextlib.suppress(OSError):
        borrowed = socket.socket(fileno=os.dup(fd))
        with borrowed:
            is_ours = borrowed.family == socket.AF_UNIX and borrowed.type == socket.SOCK_STREAM
            return is_ours and bool(borrowed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    return False


class _OwnListener(socket.socket):
    """A socket whose file goes when it is closed."""

    file: Path | None = None

    def close(self) -> None:
        file, self.file = self.file, None
        if file is not None:
            file.unlink(missing_ok=True)
        super().close()


def _bind_listener(path: Path, mode: int) -> socket.socket:
    listener = _OwnListener(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        # It must never be open to others, not even between its making and a chmod.
        before = os.umask(0o777 & ~mode)
        try:
            listener.bind(os.fspath(path))
        finally:
            os.umask(before)
        listener.file = path
        listener.listen(BACKLOG)
        listener.settimeout(0)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"cannot listen on {path}: {error.strerror or error}", hint="choose another --state-dir"
        ) from error
    except BaseException:
        listener.close()
        raise
    return listener


def _remove_stale(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise ConfigurationError(f"{path} is there and is no socket", hint="move it away")
        path.unlink()
