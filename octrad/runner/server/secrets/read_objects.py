"""Reads many objects out of a task's object store, in batches that fit into memory."""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence

from octrad.runner.server.trees.git import Repository, git

# A bigger file is no text that anybody wrote; it is not searched.
OBJECT_BYTES_AT_MOST = 8 * 1024 * 1024
# A batch holds one object at least.
BATCH_BYTES = 8 * 1024 * 1024
_TYPES = frozenset({b"blob", b"commit"})


async def read_objects(repository: Repository, names: Sequence[str]) -> AsyncGenerator[Mapping[str, bytes], None]:
    """Yields the contents of the files and commits among the objects, by name, a batch at a time.

    Other objects, those that are not there (a submodule's commit) and files beyond the limit are left out.

    Raises:
        CommandFailedError: git failed.
        ExhaustedError: git took too long.
    """
    asked = "".join(f"{name}\n" for name in names).encode()
    described = await git(repository, "cat-file", "--batch-check", "--buffer", stdin=asked)
    for batch in _batches(described.stdout):
        asked = "".join(f"{name}\n" for name in batch).encode()
        read = await git(repository, "cat-file", "--batch", "--buffer", stdin=asked)
        yield dict(_contents(read.stdout))


def _batches(description: bytes) -> Iterator[list[str]]:
    batch: list[str] = []
    batch_bytes = 0
    for name, size_bytes in _readable(description):
        if batch and batch_bytes + size_bytes > BATCH_BYTES:
            yield batch
            batch, batch_bytes = [], 0
        batch.append(name)
        batch_bytes += size_bytes
    if batch:
        yield batch


def _readable(description: bytes) -> Iterator[tuple[str, int]]:
    for line in description.splitlines():
        match line.split():
            case [name, kind, size] if kind in _TYPES and int(size) <= OBJECT_BYTES_AT_MOST:
                yield name.decode(), int(size)
            case _:
                pass


def _contents(output: bytes) -> Iterator[tuple[str, bytes]]:
    place = 0
    while place < len(output):
        end = output.index(b"\n", place)
        name, _, size = output[place:end].split()
        place = end + 1 + int(size)
        yield name.decode(), output[end + 1 : place]
        place += 1
