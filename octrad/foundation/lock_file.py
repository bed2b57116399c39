"""One process at a time in a directory, by flock on a file that also tells its process id."""

import asyncio
import fcntl
import os
from pathlib import Path


class LockFile:
    """A lock that the kernel lets go of when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1

    def acquire(self) -> bool:
        """Takes the lock; False when another process has it."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd = fd
        return True

    async def wait(self) -> None:
        """Takes the lock as soon as it is free. The caller sets the deadline."""
        while not self.acquire():  # noqa: ASYNC110 - flock has no wait that an event loop could watch
            await asyncio.sleep(0.05)

    def release(self) -> None:
        """Lets go of it, if it is held."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def holder(self) -> int | None:
        """The id of the process that holds it; None when nobody does."""
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.pread(fd, 32, 0).decode(errors="replace").strip()
            return int(text) if text.isdigit() else None
        else:
            return None
        finally:
            os.close(fd)
