"""Puts together what a snapshot consists of: the files of a commit, and a repository of their whole history.

Nothing is copied that can be had by a second name: files are linked from main's working directory, packs from the
task's object store. What comes out is a plain repository: no remote, no hook, no credentials, nothing unreachable.
"""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from octrad.foundation.errors import ConflictError
from octrad.runner.operations import MAIN_BRANCH
from octrad.runner.server.nix.snapshot_place import SNAPSHOT_NAME
from octrad.runner.server.trees.create_tree import link_or_copy
from octrad.runner.server.trees.git import Repository, git, printable_path
from octrad.runner.server.trees.remove_directory import remove_directory
from octrad.runner.server.trees.reset_branch import Leftovers, expect_touched_files, reset_branch
from octrad.runner.server.trees.task_tree import TaskTree

# Nix 2.26 fails at about 110.
DIRECTORY_LEVELS = 100

_GITLINK = b"160000"
_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n"
_DIRECTORIES = ("info", "objects/info", "objects/pack", "refs/heads", "refs/tags")


@dataclass(frozen=True, slots=True)
class _Entry:
    mode: bytes
    path: bytes


def assembly_place(tree: TaskTree) -> Path:
    """Where a task's snapshot is put together."""
    return tree.root / "snapshot" / SNAPSHOT_NAME


async def assemble_snapshot(tree: TaskTree, commit: str) -> Path:
    """Puts a commit and its history together in a directory that is named as snapshots are.

    No command may run in main's working directory meanwhile. The caller removes the directory's parent.

    Raises:
        NotFoundError: no such commit.
        ConflictError: its directories are nested deeper than Nix can take.
        CommandFailedError: git failed.
        ExhaustedError, OSError: the disk is full.
    """
    place = assembly_place(tree)
    await asyncio.to_thread(_begin, place, commit)
    work = await reset_branch(tree, MAIN_BRANCH, commit, Leftovers.IGNORED)
    # A second name, and its end, change a file's ctime.
    await asyncio.to_thread(expect_touched_files, tree, MAIN_BRANCH)
    await _take_files(tree, work, place)
    await _take_history(tree, commit, place / ".git" / "objects" / "pack")
    await git(Repository(tree.git_dir, index=place / ".git" / "index"), "read-tree", commit)
    return place


def _begin(place: Path, commit: str) -> None:
    remove_directory(place.parent)
    repository = place / ".git"
    for directory in _DIRECTORIES:
        (repository / directory).mkdir(parents=True)
    (repository / "HEAD").write_text(f"ref: refs/heads/{MAIN_BRANCH}\n")
    (repository / "config").write_text(_CONFIG)
    (repository / "refs" / "heads" / MAIN_BRANCH).write_text(f"{commit}\n")


async def _take_files(tree: TaskTree, work: Path, place: Path) -> None:
    listed = await git(Repository(tree.git_dir, work, tree.index(MAIN_BRANCH)), "ls-files", "--stage", "-z")
    await asyncio.to_thread(_link_files, list(_entries(listed.stdout)), os.fsencode(work), os.fsencode(place))


def _entries(listing: bytes) -> Iterator[_Entry]:
    for line in filter(None, listing.split(b"\0")):
        meta, _, path = line.partition(b"\t")
        yield _Entry(meta[:6], path)


def _link_files(entries: list[_Entry], work: bytes, place: bytes) -> None:
    made = {b""}
    for entry in entries:
        directory = entry.path if entry.mode == _GITLINK else entry.path.rpartition(b"/")[0]
        if directory not in made:
            if directory.count(b"/") >= DIRECTORY_LEVELS:
                raise ConflictError(f"`{printable_path(directory)[:200]}…` is nested deeper than Nix can take")
            os.makedirs(os.path.join(place, directory), exist_ok=True)  # noqa: PTH103, PTH118 - names are bytes
            made.add(directory)
        if entry.mode != _GITLINK:
            _link(os.path.join(work, entry.path), os.path.join(place, entry.path))  # noqa: PTH118 - names are bytes


def _link(source: bytes, target: bytes) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # not allowed there, or too many names
        link_or_copy(Path(os.fsdecode(source)), Path(os.fsdecode(target)))


async def _take_history(tree: TaskTree, commit: str, target: Path) -> None:
    """Links every pack that holds only what the commit reaches; packs the rest, for this and the next snapshot."""
    repository = Repository(tree.git_dir)
    reached = await git(repository, "rev-list", "--objects", commit)
    # Names are kept for the packing: they tell git what to compare.
    lines = {line[:40]: line for line in reached.stdout.splitlines()}
    packs = tree.git_dir / "objects" / "pack"
    taken: list[Path] = []
    for index in sorted(await asyncio.to_thread(_indexes, packs)):
        objects = await _objects_of(repository, index)
        if objects <= lines.keys():
            taken.append(index)
            lines = {name: line for name, line in lines.items() if name not in objects} | dict.fromkeys(objects, b"")
    rest = [line for line in lines.values() if line]
    if rest:
        packed = await git(repository, "pack-objects", "-q", str(packs / "pack"), stdin=b"\n".join(rest) + b"\n")
        taken.append(packs / f"pack-{packed.text}.idx")
    await asyncio.to_thread(_link_packs, taken, target)


def _indexes(packs: Path) -> list[Path]:
    return list(packs.glob("pack-*.idx")) if packs.is_dir() else []


async def _objects_of(repository: Repository, index: Path) -> frozenset[bytes]:
    content = await asyncio.to_thread(index.read_bytes)
    shown = await git(repository, "show-index", stdin=content)
    return frozenset(line.split()[1] for line in shown.stdout.splitlines())


def _link_packs(indexes: list[Path], target: Path) -> None:
    for index in indexes:
        for file in (index.with_suffix(".pack"), index):
            link_or_copy(file, target / file.name)
