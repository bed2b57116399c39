"""Keeps the whole output of every command, compressed, readable while the command runs, for a number of days.

The operation `TASK/work/x/#2` has `output/s-TASK/s-work/s-x/2.gz`, a gzip file of many members that `zcat` reads, and
beside it `2.index`: for every member, where it begins uncompressed and compressed, so that a page deep inside costs one
member, not the whole. Bytes are kept as they came, terminal escapes and all.
"""

import contextlib
import gzip
import re
import struct
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from octrad.foundation.errors import ExhaustedError, InvalidRequestError, NotFoundError
from octrad.runner.reading import OutputPart

PAGE_BYTES = 1024 * 1024
_MEMBER_BYTES = 64 * 1024
_ENTRY = struct.Struct("<QQ")  # where a member ends: uncompressed, compressed
_NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,128}")
_ATTEMPT = re.compile(r"#([0-9]{1,9})")


class OutputStore:
    """The outputs below one directory. One process writes; it knows which commands still do."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._writing: set[Path] = set()

    def open(self, operation_id: str) -> "OutputWriter":
        """Begins the output of an operation; one that is there (the operation is made again) is replaced.

        Raises:
            InvalidRequestError: the id cannot be a path.
            ExhaustedError: the disk refuses.
        """
        place = self._place(operation_id)
        with _on_disk():
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            writer = OutputWriter(place, self._writing)
        self._writing.add(place)
        return writer

    def read(self, operation_id: str, offset: int, limit_bytes: int) -> OutputPart:
        """Returns a page from `offset` (bytes, uncompressed); without `/#N` in the id, of the newest attempt.

        Raises:
            NotFoundError: there is none, or no longer.
        """
        place = self._place(operation_id) if "#" in operation_id else self._find_newest(operation_id)
        writing = place in self._writing
        try:
            index = _with_suffix(place, "index").read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError(f"there is no output of `{operation_id}`, or no longer") from error
        ends = [(0, 0), *_ENTRY.iter_unpack(index[: len(index) // _ENTRY.size * _ENTRY.size])]
        size = ends[-1][0]
        start = min(max(offset, 0), size)
        stop = min(size, start + min(limit_bytes if limit_bytes > 0 else PAGE_BYTES, PAGE_BYTES))
        chunk = _read_range(_with_suffix(place, "gz"), ends, start, stop)
        return OutputPart(chunk, start + len(chunk), complete=not writing and stop == size)

    def prune(self, older_than: float) -> int:
        """Removes what was last written before `older_than` (seconds of the epoch); returns how many files."""
        removed = 0
        for path in sorted(self._directory.rglob("*"), reverse=True):
            with contextlib.suppress(OSError):  # a file that is just being replaced, a directory that is not empty
                if path.stat().st_mtime >= older_than:
                    continue
                if path.is_dir():
                    path.rmdir()
                else:
                    path.unlink()
                    removed += 1
        return removed

    def _place(self, operation_id: str) -> Path:
        *step, attempt = operation_id.split("/")
        number = _ATTEMPT.fullmatch(attempt)
        if number is None:
            raise InvalidRequestError(f"`{operation_id[:200]}` is not TASK/STEP/#ATTEMPT", field="id")
        return self._step_directory("/".join(step)) / number[1]

    def _find_newest(self, step: str) -> Path:
        directory = self._step_directory(step)
        numbers = [int(path.stem) for path in directory.glob("*.index") if path.stem.isdigit()]
        if not numbers:
            raise NotFoundError(f"there is no output of `{step[:200]}`, or no longer")
        return directory / str(max(numbers))

    def _step_directory(self, step: str) -> Path:
        names = step.split("/")
        if not all(_NAME.fullmatch(name) for name in names):
            raise InvalidRequestError(f"`{step[:200]}` does not name a step", field="id")
        # A leading letter keeps a step's attempts apart from steps below it: `fix/1` beside attempt 1 of `fix`.
        return self._directory.joinpath(*(f"s-{name}" for name in names))


class OutputWriter:
    """Writes one output. To be closed; until then the output counts as incomplete.

    Every method raises ExhaustedError when the disk refuses.
    """

    def __init__(self, place: Path, writing: set[Path]) -> None:
        self._place = place
        self._writing = writing
        self._waiting = bytearray()
        self._end = 0
        _with_suffix(place, "index").unlink(missing_ok=True)
        # Unbuffered: the index never names what is not in the file yet.
        self._log = _with_suffix(place, "gz").open("wb", buffering=0)
        self._index = _with_suffix(place, "index").open("wb", buffering=0)

    def write(self, chunk: bytes) -> None:
        """Takes the next bytes."""
        self._waiting += chunk
        if len(self._waiting) >= _MEMBER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Makes all that was written readable."""
        if not self._waiting:
            return
        with _on_disk():
            self._log.write(gzip.compress(self._waiting, compresslevel=1, mtime=0))
            self._end += len(self._waiting)
            self._waiting.clear()
            self._index.write(_ENTRY.pack(self._end, self._log.tell()))

    def close(self) -> None:
        """Ends the output."""
        try:
            self.flush()
        finally:
            self._log.close()
            self._index.close()
            self._writing.discard(self._place)


@contextlib.contextmanager
def _on_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ExhaustedError(f"cannot store the command's output: {error.strerror}", hint="see `df`") from error


def _with_suffix(place: Path, suffix: str) -> Path:
    return place.with_name(f"{place.name}.{suffix}")


def _read_range(log: Path, ends: list[tuple[int, int]], start: int, stop: int) -> bytes:
    parts: list[bytes] = []
    with log.open("rb") as file:
        for (begin, place), (end, place_after) in pairwise(ends):
            if end <= start or begin >= stop:
                continue
            file.seek(place)
            member = zlib.decompress(file.read(place_after - place), wbits=zlib.MAX_WBITS | 16)
            parts.append(member[max(0, start - begin) : stop - begin])
    return b"".join(parts)
