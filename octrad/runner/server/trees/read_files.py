"""Reads the files of a commit out of the object store: no working directory, so no link can be followed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from octrad.runner.reading import FileContent
from octrad.runner.server.trees.git import Repository, git, printable_path
from octrad.runner.server.trees.task_tree import TaskTree, checked_commit

# A file larger than this is never read as text, whatever the limit.
FILE_BYTES_LIMIT = 8 * 1024 * 1024

_KINDS: dict[bytes, Literal["file", "executable", "symlink"]] = {
    b"100644": "file",
    b"100664": "file",  # written by some old programs
    b"100755": "executable",
    b"120000": "symlink",
}


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One file of a commit, as git lists it."""

    path: str
    size_bytes: int
    kind: Literal["file", "executable", "symlink"]
    blob: str


async def list_files(tree: TaskTree, commit: str) -> tuple[TreeEntry, ...]:
    """The files of a commit in the order of git; submodules are left out.

    Raises:
        CommandFailedError: no such commit.
    """
    repository = Repository(tree.git_dir)
    listed = await git(repository, "ls-tree", "-r", "-l", "-z", "--full-tree", checked_commit(commit))
    return tuple(_entries(listed.stdout))


async def read_files(tree: TaskTree, commit: str, paths: Sequence[str], limit_bytes: int) -> tuple[FileContent, ...]:
    """The contents of the named files in the order asked for; what the commit does not have is left out.

    Args:
        tree: where.
        commit: at which commit.
        paths: as `list_files` names them.
        limit_bytes: for all of them together; what does not fit is cut and marked.

    Raises:
        CommandFailedError: no such commit.
    """
    known = {entry.path: entry for entry in await list_files(tree, commit)}
    wanted = [known[path] for path in dict.fromkeys(paths) if path in known]
    contents: list[FileContent] = []
    for entry in wanted:
        content = await _read(tree, entry, limit_bytes)
        limit_bytes -= len(content.content.encode())
        contents.append(content)
    return tuple(contents)


def file_content(path: str, content: bytes, limit_bytes: int) -> FileContent:
    """A file's bytes as text of at most `limit_bytes`, cut between characters."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return FileContent(path, "", truncated=False, binary=True)
    if "\0" in text:
        return FileContent(path, "", truncated=False, binary=True)
    if len(content) <= limit_bytes:
        return FileContent(path, text, truncated=False, binary=False)
    return FileContent(path, content[: max(limit_bytes, 0)].decode(errors="ignore"), truncated=True, binary=False)


async def _read(tree: TaskTree, entry: TreeEntry, limit_bytes: int) -> FileContent:
    if entry.size_bytes > FILE_BYTES_LIMIT or limit_bytes <= 0:
        return FileContent(entry.path, "", truncated=True, binary=False)
    blob = await git(Repository(tree.git_dir), "cat-file", "blob", entry.blob)
    return file_content(entry.path, blob.stdout, limit_bytes)


def _entries(listing: bytes) -> Iterator[TreeEntry]:
    for line in filter(None, listing.split(b"\0")):
        meta, _, path = line.partition(b"\t")
        mode, _, blob, size = meta.split()
        kind = _KINDS.get(mode)
        if kind is not None:
            yield TreeEntry(printable_path(path), int(size), kind, blob.decode())
