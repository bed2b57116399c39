"""The servant's memory on disk: which ids were accepted, and what came of them, until the caller has recorded it.

One file an id. `accept` returns only when the file and its name are on the disk; `finish` only when the outcome is.
Bounded by age and by size: the oldest that nobody works on is dropped first, and the log says so. Every method
blocks on the disk; the engine calls them from a thread, one call at a time for an id.
"""

import contextlib
import errno
import hashlib
import logging
import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from octrad.foundation.errors import ConflictError, ExhaustedError, InvalidRequestError, UnavailableError
from octrad.foundation.once.messages import Outcome
from octrad.foundation.once.records import Acceptance, decode, encode_acceptance, encode_outcome

logger = logging.getLogger(__name__)

MAX_ID_LENGTH = 1000
DEFAULT_MAX_BYTES = 1024**3
DEFAULT_MAX_AGE_S = 24 * 3600.0
# Each write to it returns when it is on the disk.
_NEW_FILE = os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_APPEND | os.O_DSYNC | os.O_CLOEXEC
_OWNER_ONLY = 0o600


class DigestMismatchError(ConflictError):
    """The id was used before for another request: a bug of the caller, never a reason to execute again."""

    code = "digest_mismatch"

    def __init__(self, request_id: str) -> None:
        super().__init__(f"`{request_id}` was used before for another request", hint="this is a bug of octrad")


@dataclass(slots=True)
class _Entry:
    digest: bytes
    accepted_at: float
    size_bytes: int
    has_outcome: bool
    is_worked_on: bool
    # While it is worked on, so that its outcome is but one write.
    fd: int | None = None

    def close(self) -> None:
        """Ends the work on it."""
        self.is_worked_on = False
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


class Spool:
    """The spool of one servant, which holds the lock of its directory.

    Args:
        directory: where the files are; made when missing.
        max_bytes: what all files together may take.
        max_age_s: how long a file may wait for its acknowledgement.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        directory: Path,
        *,
        max_bytes: int = DEFAULT_MAX_BYTES,
        max_age_s: float = DEFAULT_MAX_AGE_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._clock = clock
        self._lock = threading.Lock()
        self._size_bytes = 0
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory_fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._entries = self._read_directory()
        self._drop_old()

    def close(self) -> None:
        """Lets go of the directory and of what is worked on."""
        for entry in self._entries.values():
            entry.close()
        os.close(self._directory_fd)

    def check(self, request_id: str, digest: bytes) -> bool:
        """Whether the id is known. Does not touch the disk.

        Raises:
            DigestMismatchError: it is, for another request.
        """
        _check_id(request_id)
        entry = self._entries.get(request_id)
        if entry is not None and entry.digest != digest:
            raise DigestMismatchError(request_id)
        return entry is not None

    def accept(self, request_id: str, digest: bytes) -> None:
        """Writes down that work on an id that is not known, or was interrupted, is about to begin, or just began.

        Raises:
            ExhaustedError: the disk is full.
            UnavailableError: the disk does not work.
        """
        record = encode_acceptance(Acceptance(request_id, digest, self._clock()))
        path = self._path(request_id)
        with self._lock:  # known and worked on from here, so that nothing else touches the file
            self._forget(request_id)
            entry = _Entry(digest, self._clock(), len(record), has_outcome=False, is_worked_on=True)
            self._entries[request_id] = entry
            self._size_bytes += len(record)
        try:
            entry.fd = os.open(path, _NEW_FILE, _OWNER_ONLY)
            _write(entry.fd, record)
            os.fsync(self._directory_fd)
        except OSError as error:
            with self._lock:
                entry.close()
                self._remove(request_id)
            raise _disk_error(error) from error

    def finish(self, request_id: str, outcome: Outcome) -> None:
        """Writes down what came of an accepted id.

        Raises:
            ExhaustedError: the disk is full.
            UnavailableError: the disk does not work.
        """
        record = encode_outcome(outcome)
        entry = self._entries[request_id]
        assert entry.fd is not None  # noqa: S101 - for the type checker
        try:
            _write(entry.fd, record)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(entry.fd, entry.size_bytes)
            raise _disk_error(error) from error
        with self._lock:
            entry.size_bytes += len(record)
            self._size_bytes += len(record)
            entry.has_outcome = True
            entry.close()
        self._drop_old(keep=request_id)

    def release(self, request_id: str) -> None:
        """Work on an accepted id ended without an outcome that could be written: it may be dropped like any other."""
        entry = self._entries.get(request_id)
        if entry is not None:
            entry.close()

    def outcome(self, request_id: str) -> Outcome | None:
        """What came of an id; None when it is not known or has none."""
        with self._lock:
            entry = self._entries.get(request_id)
            if entry is None or not entry.has_outcome:
                return None
            try:
                return decode(self._path(request_id).read_bytes())[1]
            except OSError as error:
                raise _disk_error(error) from error

    def ids(self, prefix: str) -> list[str]:
        """The known ids that begin with the prefix."""
        with self._lock:
            return [request_id for request_id in self._entries if request_id.startswith(prefix)]

    def forget(self, request_id: str) -> None:
        """The caller has recorded it, or does not want it. Unknown ids are fine; what is worked on is left alone."""
        with self._lock:
            entry = self._entries.get(request_id)
            if entry is not None and not entry.is_worked_on:
                self._remove(request_id)

    def _remove(self, request_id: str) -> None:
        with contextlib.suppress(OSError):
            self._path(request_id).unlink(missing_ok=True)
        self._forget(request_id)

    def _forget(self, request_id: str) -> None:
        entry = self._entries.pop(request_id, None)
        if entry is not None:
            self._size_bytes -= entry.size_bytes

    def _path(self, request_id: str) -> Path:
        readable = re.sub(r"[^A-Za-z0-9-]+", "_", request_id)[:80]
        return self._directory / f"{readable}.{hashlib.sha256(request_id.encode()).hexdigest()[:32]}"

    def _drop_old(self, keep: str = "") -> None:
        """Drops what is too old and, the oldest first, what is too much; never what is worked on nor `keep`."""
        now = self._clock()
        with self._lock:
            for request_id, entry in sorted(self._entries.items(), key=lambda item: item[1].accepted_at):
                too_old = now - entry.accepted_at > self._max_age_s
                too_much = self._size_bytes > self._max_bytes
                if not too_old and not too_much:
                    break
                if entry.is_worked_on or request_id == keep:
                    continue
                logger.warning(
                    "dropped the unacknowledged result of %s: %s",
                    request_id,
                    "too old" if too_old else "the spool is full",
                )
                self._remove(request_id)

    def _read_directory(self) -> dict[str, _Entry]:
        entries: dict[str, _Entry] = {}
        for path in self._directory.iterdir():
            content = path.read_bytes()
            acceptance, outcome = decode(content)
            if acceptance is None or self._path(acceptance.id) != path:
                logger.warning("removed a torn file of the spool, whose work was never accepted: %s", path.name)
                path.unlink()
                continue
            entries[acceptance.id] = _Entry(
                acceptance.digest, acceptance.accepted_at, len(content), outcome is not None, is_worked_on=False
            )
            self._size_bytes += len(content)
        return entries


def _write(fd: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]


def _check_id(request_id: str) -> None:
    if not 0 < len(request_id) <= MAX_ID_LENGTH:
        raise InvalidRequestError(f"an id has 1 to {MAX_ID_LENGTH} characters", field="id")


def _disk_error(error: OSError) -> ExhaustedError | UnavailableError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return ExhaustedError(f"the disk of the spool is full: {error}", hint="make room below the state directory")
    return UnavailableError(f"the spool cannot be written: {error}")
