"""Commits what a branch's working directory holds.

A command may have left repositories of its own in there; they lose their `.git` first, so that their files are
committed as files and no link to a foreign repository ever appears.
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from octrad.foundation.errors import ConflictError
from octrad.foundation.process import CommandFailedError
from octrad.runner.server.trees.git import Repository, git, split_paths
from octrad.runner.server.trees.remove_directory import make_accessible, remove_directory
from octrad.runner.server.trees.reset_branch import open_branch
from octrad.runner.server.trees.task_tree import TaskTree, checked_commit

# From here on new files go into one pack instead of one file each: several times faster now, and again at snapshots.
FILES_FOR_A_PACK = 256
LARGE_FILE = "512k"  # a file of this size goes into a pack at once, in any case
NESTED_REPOSITORIES_DEPTH = 20
# What one commit may add: build output that .gitignore does not name is more.
NEW_FILES_AT_MOST = 100_000
NEW_BYTES_AT_MOST = 2 * 1024**3
SUBJECT_CHARACTERS = 500
DEFAULT_SUBJECT = "Change files"


class NestedRepositoriesError(ConflictError):
    """Repositories within repositories, deeper than anybody means."""


# Nix evaluates these outside of the sandbox, so what a command makes of them is never committed.
ENVIRONMENT_FILES = ("flake.nix", "flake.lock")


class TooMuchAddedError(ConflictError):
    """More would be committed than a project has."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What a branch holds now. The commit is the given one and `paths` empty when nothing changed.

    `kept` are the environment's files that were changed and are committed as the parent has them.
    """

    commit: str
    tree_hash: str
    paths: tuple[str, ...]
    kept: tuple[str, ...] = ()


async def commit_branch(tree: TaskTree, branch: str, parent: str, subject: str) -> Committed:
    """Commits the working directory, ignored files left out, on top of the commit that it was reset to.

    The environment's files stay what they are in that commit.

    Raises:
        CommandFailedError: git failed.
        NestedRepositoriesError: repositories within repositories without end.
        TooMuchAddedError: more new files, or bigger ones, than a project has.
        ExhaustedError: the disk is full.
    """
    checked_commit(parent)
    repository = await asyncio.to_thread(open_branch, tree, branch)
    try:
        await _add_all(repository)
    except CommandFailedError:
        # Files that a command made unreadable.
        await asyncio.to_thread(make_accessible, tree.work_dir(branch))
        await _add_all(repository)
    tree_hash = (await git(repository, "write-tree")).text
    paths = await changed_paths(repository, parent, tree_hash)
    kept = environment_files(paths)
    if kept:
        await git(repository, "reset", "--quiet", parent, "--", *kept)
        tree_hash = (await git(repository, "write-tree")).text
        paths = await changed_paths(repository, parent, tree_hash)
    return replace(await _commit(tree, branch, Committed(parent, tree_hash, paths), (parent,), subject), kept=kept)


def environment_files(paths: Sequence[str]) -> tuple[str, ...]:
    """Which of the environment's files are among the paths, or were made directories of some."""
    return tuple(name for name in ENVIRONMENT_FILES if any(f"{path}/".startswith(f"{name}/") for path in paths))


async def commit_tree(tree: TaskTree, branch: str, tree_hash: str, parents: tuple[str, ...], subject: str) -> Committed:
    """Makes a commit of a tree object, unless it has one parent and changes nothing.

    Raises:
        CommandFailedError: git failed.
        ExhaustedError: the disk is full.
    """
    paths = await changed_paths(Repository(tree.git_dir), parents[0], tree_hash)
    return await _commit(tree, branch, Committed(parents[0], tree_hash, paths), parents, subject)


async def _commit(tree: TaskTree, branch: str, changed: Committed, parents: tuple[str, ...], subject: str) -> Committed:
    """Commits what is `changed` against the first parent."""
    if not changed.paths and len(parents) == 1:
        return changed
    repository = Repository(tree.git_dir)
    lineage = [part for parent in parents for part in ("-p", parent)]
    made = await git(repository, "commit-tree", changed.tree_hash, *lineage, "-F", "-", stdin=commit_message(subject))
    await git(repository, "update-ref", f"refs/heads/{branch}", made.text)
    return replace(changed, commit=made.text)


async def changed_paths(repository: Repository, old: str, new: str) -> tuple[str, ...]:
    """The paths that differ between two commits or trees.

    Raises:
        CommandFailedError: one of them is not there.
    """
    listed = await git(repository, "diff-tree", "-r", "-z", "--name-only", "--no-renames", old, new)
    return split_paths(listed.stdout)


async def read_tree_hash(tree: TaskTree, commit: str) -> str:
    """The hash of a commit's tree.

    Raises:
        CommandFailedError: no such commit.
    """
    spec = f"{checked_commit(commit)}^{{tree}}"
    return (await git(Repository(tree.git_dir), "rev-parse", "--verify", "--quiet", spec)).text


def commit_message(subject: str) -> bytes:
    """A commit message of one line from any text."""
    line = " ".join(subject.replace("\0", " ").split())[:SUBJECT_CHARACTERS]
    return f"{line or DEFAULT_SUBJECT}\n".encode(errors="replace")


async def _add_all(repository: Repository) -> None:
    untracked = await _open_nested_repositories(repository)
    threshold = "1" if untracked >= FILES_FOR_A_PACK else LARGE_FILE
    # Speed is worth more than size here: what is linked into a snapshot is stored as it is.
    settings = (f"core.bigFileThreshold={threshold}", "core.compression=1")
    await git(repository, "add", "-A", settings=settings)


async def _open_nested_repositories(repository: Repository) -> int:
    """Removes the `.git` of every repository in the directory; returns how many files are untracked."""
    for _ in range(NESTED_REPOSITORIES_DEPTH):
        listed = await git(repository, "ls-files", "--others", "--exclude-standard", "-z")
        untracked = [path for path in listed.stdout.split(b"\0") if path]
        # git names a repository by its directory and does not look into it.
        nested = [path for path in untracked if path.endswith(b"/")]
        if not nested or repository.work_tree is None:
            await asyncio.to_thread(_require_modest, repository.work_tree, untracked)
            return len(untracked)
        for path in nested:
            await asyncio.to_thread(remove_directory, repository.work_tree / Path(os.fsdecode(path)) / ".git")
    raise NestedRepositoriesError("git repositories are nested too deep in the working directory")


def _require_modest(work_tree: Path | None, untracked: list[bytes]) -> None:
    if work_tree is None:
        return
    size_bytes = sum((work_tree / os.fsdecode(path)).lstat().st_size for path in untracked[:NEW_FILES_AT_MOST])
    if len(untracked) > NEW_FILES_AT_MOST or size_bytes > NEW_BYTES_AT_MOST:
        raise TooMuchAddedError(
            f"{len(untracked)} new files of {size_bytes // 1024**2} MiB are more than one commit may add",
            hint="let .gitignore name what a build makes",
        )
