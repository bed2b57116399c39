"""Where octrad's socket is, and what to say when it cannot be used. Reads the file system, connects to nothing."""

import contextlib
import os
import stat

from octractl.errors import OctractlError
from octractl.exit_codes import ExitCode

VARIABLE = "OCTRA_SOCKET"
SYSTEM_SOCKET = "/run/octra/octra.sock"
# Where octrad keeps its state unless told otherwise: root's, and below the state home of everybody else.
ROOT_SOCKET = "/var/lib/octra/octra.sock"
STATE_HOME = "~/.local/state"
# The kernel's sockaddr_un holds 107 bytes and a NUL.
MAX_PATH_BYTES = 107


def find_socket(given: str | None) -> str:
    """Returns the path of a socket that we may use: the given one, $OCTRA_SOCKET, our own octrad's or the system's.

    Raises:
        OctractlError: there is none, it is no socket, or we may not write to it.
    """
    path = os.path.abspath(os.path.expanduser(given or os.environ.get(VARIABLE) or _default()))  # noqa: PTH100, PTH111 - pathlib costs 4 ms here
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise OctractlError(
            f"the path of the socket is longer than the {MAX_PATH_BYTES} bytes that the kernel takes: {path}",
            hint="use a shorter state directory, or a symlink to it",
            exit_code=ExitCode.USAGE,
        )
    _require_usable(path)
    return path


def _default() -> str:
    own = ROOT_SOCKET if os.geteuid() == 0 else _user_socket()
    return next((path for path in (own, SYSTEM_SOCKET, ROOT_SOCKET) if os.path.exists(path)), own)  # noqa: PTH110 - as above


def _user_socket() -> str:
    state_home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser(STATE_HOME)  # noqa: PTH111 - as above
    return f"{state_home}/octra/octra.sock"


def _require_usable(path: str) -> None:
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - as above
    except PermissionError as error:
        raise OctractlError(
            f"you may not look at {path}", hint=_who_may(_closed_directory(path)), exit_code=ExitCode.NO_PERMISSION
        ) from error
    except OSError as error:
        raise not_running(path) from error
    if not stat.S_ISSOCK(mode):
        raise OctractlError(f"{path} is not a socket", hint="name octrad's socket: --socket STATE_DIR/octra.sock")
    if not os.access(path, os.W_OK):
        raise OctractlError(f"you may not write to {path}", hint=_who_may(path), exit_code=ExitCode.NO_PERMISSION)


def _closed_directory(path: str) -> str:
    """Returns the directory above a path that keeps us out: the deepest that we may look at."""
    directory = os.path.dirname(path)  # noqa: PTH120 - as above
    while directory != "/":
        try:
            os.stat(directory)  # noqa: PTH116 - as above
        except PermissionError:
            directory = os.path.dirname(directory)  # noqa: PTH120 - as above
        else:
            break
    return directory


def _who_may(path: str) -> str:
    """Returns how to be let in to a socket or a directory: through its group, where that is, or by its owner."""
    import grp  # noqa: PLC0415 - only failures need it
    import pwd  # noqa: PLC0415 - only failures need it

    found = os.stat(path)  # noqa: PTH116 - as above
    group, owner = str(found.st_gid), str(found.st_uid)
    with contextlib.suppress(KeyError):
        group = grp.getgrgid(found.st_gid).gr_name
    with contextlib.suppress(KeyError):
        owner = pwd.getpwuid(found.st_uid).pw_name
    if found.st_mode & stat.S_IXGRP if stat.S_ISDIR(found.st_mode) else found.st_mode & stat.S_IWGRP:
        return f"it is open to {owner} and to the group {group}; join that group, then log in again"
    return f"it is open to {owner} alone; ask them"


def not_running(path: str) -> OctractlError:
    """Returns the error for a socket that nobody answers on."""
    return OctractlError(
        f"octrad is not running: nothing answers on {path}",
        hint=_how_to_start(path),
        exit_code=ExitCode.UNAVAILABLE,
    )


def _how_to_start(path: str) -> str:
    directory, name = os.path.split(path)
    if name != "octra.sock":
        return "start octrad, or name its socket with --socket or $OCTRA_SOCKET"
    return f"start it: octrad serve --state-dir {directory}"
