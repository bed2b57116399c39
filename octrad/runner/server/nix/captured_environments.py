"""The environments that this machine has: used by commands, and dropped when nothing used them for long.

What was dropped is captured again when a task asks for it. The last use of an environment is the age of a file in its
directory; one that a command runs in is never dropped, however old its last beginning is.
"""

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from octrad.runner.server.nix.environment import FILE_NAME, Environment, load_environment
from octrad.runner.server.nix.keyed_lock import KeyedLock
from octrad.runner.server.trees.remove_directory import remove_directory

_USED = "used"
# What is being removed bears no environment's name, so nobody takes it for one.
_DROPPED = ".dropped-"


def note_use(directory: Path) -> None:
    """Notes that an environment is used now. Blocks."""
    # On a full disk it is dropped sooner, and captured again.
    with contextlib.suppress(OSError):
        (directory / _USED).touch()


class CapturedEnvironments:
    """The environments below a directory.

    Args:
        directory: where they are, each under its hash.
        locks: by hash; whoever captures an environment holds its lock.
    """

    def __init__(self, directory: Path, locks: KeyedLock) -> None:
        self._directory = directory
        self._locks = locks
        self._users: Counter[str] = Counter()

    @contextlib.contextmanager
    def use(self, environment_hash: str) -> Iterator[Environment]:
        """An environment, which is not dropped for as long as the context lasts. Blocks for some small files.

        Raises:
            NotFoundError: it was never captured on this machine, or is dropped.
        """
        environment = load_environment(self._directory, environment_hash)
        self._users[environment_hash] += 1
        note_use(environment.activate.parent)
        try:
            yield environment
        finally:
            self._users[environment_hash] -= 1
            self._users += Counter()  # drops zeros
            note_use(environment.activate.parent)

    async def drop_unused(self, unused_since: float) -> tuple[str, ...]:
        """Drops, root and all, what nothing used since then (seconds of the epoch); returns the hashes."""
        dropped = [name for name in await asyncio.to_thread(self._names) if await self._drop(name, unused_since)]
        return tuple(dropped)

    def _names(self) -> list[str]:
        return sorted(os.listdir(self._directory)) if self._directory.exists() else []  # noqa: PTH208 - names alone

    async def _drop(self, name: str, unused_since: float) -> bool:
        place = self._directory / name
        if name.startswith(_DROPPED):  # a removal that was interrupted
            await asyncio.to_thread(remove_directory, place)
            return False
        if await asyncio.to_thread(_last_use, place) >= unused_since:
            return False
        away = place.with_name(_DROPPED + name)
        async with self._locks.hold(name):
            # From here to the new name nobody else has a turn: whoever begins to use it comes before, or finds it gone.
            if name in self._users or _last_use(place) >= unused_since:
                return False
            place.rename(away)
        await asyncio.to_thread(remove_directory, away)
        return True


def _last_use(place: Path) -> float:
    """When an environment was last used; one from before that was noted, when it was captured."""
    for path in (place / _USED, place / FILE_NAME, place):
        with contextlib.suppress(FileNotFoundError):
            return path.stat().st_mtime
    return 0.0
