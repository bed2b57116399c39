"""Where a Unix socket of ours can lie, given that the kernel limits its path to 107 bytes, and whether it is live.

The socket lies in its own directory where that is short enough. Below a deep state directory it lies in a private
directory of the run-time or temporary directory instead, whose name both sides derive from the deep one.
"""

import hashlib
import os
import socket
import stat
import tempfile
from pathlib import Path

from octrad.foundation.errors import ConfigurationError

MAX_SOCKET_PATH_BYTES = 107


def private_socket_path(directory: Path, name: str) -> Path:
    """Where the socket `name` of `directory` lies; its parent is made, and is open to our user only.

    Raises:
        ConfigurationError: the parent belongs to somebody else.
    """
    parent = private_socket_directory(directory, len(os.fsencode(name)))
    return parent / name


def private_socket_directory(directory: Path, name_bytes: int) -> Path:
    """The directory for the sockets of `directory`, whose names are at most `name_bytes` long."""
    directory = directory.absolute()
    if len(os.fsencode(directory)) + 1 + name_bytes <= MAX_SOCKET_PATH_BYTES:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return directory
    digest = hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:16]
    short = _runtime_directory() / f"octra-{os.geteuid()}-{digest}"
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise ConfigurationError(
            f"{short} is not a private directory of ours", hint="remove it, or choose a shorter state directory"
        )
    return short


def _runtime_directory() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and Path(runtime).is_dir() and len(os.fsencode(runtime)) <= 40:
        return Path(runtime)
    return Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())  # noqa: S108 - private, see above


def answers(path: Path) -> bool:
    """Whether somebody listens on a Unix socket. Does not block: a full backlog counts as an answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0)
        try:
            probe.connect(str(path))
        except BlockingIOError:
            return True
        except OSError:
            return False
    return True
