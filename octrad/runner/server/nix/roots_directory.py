"""The directory where an administrator wants the roots of snapshots: whether the runner may use it."""

import os
from pathlib import Path

from octrad.foundation.errors import ConfigurationError
from octrad.foundation.finding import Finding

# Like Nix's own directories of roots: whoever looks for what keeps the store full may see it.
_MODE = 0o755
_HINT = "make it a directory that the runner's user may write to, or leave `snapshots.roots_dir` out"


def make_roots_directory(path: Path) -> None:
    """Makes the directory if need be. Blocks.

    Raises:
        ConfigurationError: it cannot be made or written to.
    """
    fault = _find_fault(path) or _make(path)
    if fault:
        raise ConfigurationError(f"`snapshots.roots_dir`: {fault}", hint=_HINT)


def inspect_roots_directory(path: Path) -> Finding:
    """Says whether it could be used, and changes nothing. Blocks."""
    fault = _find_fault(path)
    will_be_made = "" if path.exists() else " will be made"
    return Finding("snapshot roots", ok=not fault, detail=fault or f"{path}{will_be_made}", hint=_HINT if fault else "")


def _make(path: Path) -> str:
    try:
        path.mkdir(mode=_MODE, parents=True, exist_ok=True)
    except OSError as error:
        return f"cannot make {path}: {error.strerror}"
    return ""


def _find_fault(path: Path) -> str:
    place = next(place for place in (path, *path.parents) if place.exists())
    if not place.is_dir():
        return f"{place} is no directory"
    if not os.access(place, os.W_OK | os.X_OK):
        return f"{place} is not writable for uid {os.geteuid()}"
    return ""
