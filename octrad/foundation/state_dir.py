"""The state directory: one octrad at a time in it, and an identity that outlives its processes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from octrad.foundation.errors import ConfigurationError, ConflictError
from octrad.foundation.ids import new_id
from octrad.foundation.lock_file import LockFile

_DIRECTORY_MODE = 0o750
_SYSTEM_STATE = Path("/var/lib/octra")


class StateDirInUseError(ConflictError):
    """Another octrad works in this state directory."""

    code = "state_dir_in_use"


def default_state_dir() -> Path:
    """Where octrad keeps its state unless told otherwise: what systemd says, else by who we are."""
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given)
    state_home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")  # noqa: PTH111 - below
    # pathlib raises for a user without a home, such as systemd's dynamic ones; this leaves the `~` standing.
    if os.geteuid() == 0 or state_home.startswith("~"):
        return _SYSTEM_STATE
    return Path(state_home) / "octra"


def make_state_dir(path: Path) -> None:
    """Makes the directory if need be, closed to others: what lies in it relies on that.

    Raises:
        OSError: it cannot be made.
    """
    path.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)


@contextmanager
def hold_state_dir(path: Path) -> Iterator[None]:
    """Makes the directory if need be, and keeps every other octrad out of it until the end of the block.

    Raises:
        StateDirInUseError: another octrad holds it; the message has its process id.
        ConfigurationError: it cannot be made or written.
    """
    lock = LockFile(path / "lock")
    try:
        make_state_dir(path)
        held = lock.acquire()
    except OSError as error:
        raise ConfigurationError(
            f"cannot use the state directory {path}: {error.strerror}",
            hint="choose one that you may write: --state-dir DIR",
        ) from error
    if not held:
        raise StateDirInUseError(
            f"another octrad (process {lock.holder() or 'unknown'}) works in {path}",
            hint="stop that one, or choose another --state-dir",
        )
    try:
        yield
    finally:
        lock.release()


def machine_id(state_dir: Path) -> str:
    """The name of this octrad among those that share a database; made once, kept in the state directory."""
    path = state_dir / "machine-id"
    if not path.exists():
        fresh = path.with_suffix(".new")
        fresh.write_text(new_id() + "\n", encoding="ascii")
        fresh.rename(path)
    return path.read_text(encoding="ascii").strip()
