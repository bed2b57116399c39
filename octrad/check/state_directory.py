"""Whether octrad can keep its state where it is to keep it."""

import os
from pathlib import Path

from octrad.foundation.finding import Finding
from octrad.foundation.lock_file import LockFile
from octrad.foundation.unix_socket import MAX_SOCKET_PATH_BYTES

SOCKET_NAME = "octra.sock"
_FREE_BYTES = 2 * 1024**3


def check_state_directory(state_dir: Path) -> list[Finding]:
    """Looks without making anything."""
    return [_writable(state_dir), _socket(state_dir), _space(state_dir)]


def _writable(state_dir: Path) -> Finding:
    name = "state directory"
    place = _existing(state_dir)
    if place == state_dir and not state_dir.is_dir():
        return Finding(name, ok=False, detail=f"{state_dir} is no directory", hint="choose another --state-dir")
    if not os.access(place, os.W_OK | os.X_OK):
        hint = "choose one that you may write with --state-dir, or change its owner"
        return Finding(name, ok=False, detail=f"{place} is not writable for uid {os.geteuid()}", hint=hint)
    holder = LockFile(state_dir / "lock").holder() if state_dir.is_dir() else None
    used = f"; octrad works in it (process {holder})" if holder else ""
    return Finding(name, ok=True, detail=f"{state_dir}{'' if place == state_dir else ' will be made'}{used}")


def _socket(state_dir: Path) -> Finding:
    path = state_dir / SOCKET_NAME
    length = len(os.fsencode(path))
    detail = f"{path} has {length} bytes of at most {MAX_SOCKET_PATH_BYTES}"
    if length > MAX_SOCKET_PATH_BYTES:
        return Finding("socket path", ok=False, detail=detail, hint="choose a shorter --state-dir")
    return Finding("socket path", ok=True, detail=detail)


def _space(state_dir: Path) -> Finding:
    found = os.statvfs(_existing(state_dir))
    free = found.f_bavail * found.f_frsize
    detail = f"{free / 1024**3:.1f} GiB free"
    if free < _FREE_BYTES:
        return Finding("disk", ok=False, detail=detail, hint=f"make room: at least {_FREE_BYTES // 1024**3} GiB")
    return Finding("disk", ok=True, detail=detail)


def _existing(path: Path) -> Path:
    return next(place for place in (path, *path.parents) if place.exists())
