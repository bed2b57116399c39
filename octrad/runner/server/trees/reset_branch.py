"""Puts a branch's working directory at a commit, cheaply when little or nothing changed."""

import asyncio
from enum import StrEnum
from pathlib import Path

from octrad.foundation.errors import NotFoundError
from octrad.foundation.process import CommandFailedError
from octrad.runner.server.trees.git import Repository, git
from octrad.runner.server.trees.remove_directory import remove_directory
from octrad.runner.server.trees.task_tree import TaskTree, checked_commit


class Leftovers(StrEnum):
    """What of the files that the commit does not have may stay."""

    EVERYTHING = "everything"
    # Build output that .gitignore names: the cache of the branch's own commands.
    IGNORED = "ignored"
    NOTHING = "nothing"


async def reset_branch(tree: TaskTree, branch: str, commit: str, leftovers: Leftovers = Leftovers.IGNORED) -> Path:
    """Makes every tracked file what it is at the commit, and removes the others as told.

    No command may run in that directory meanwhile.

    Returns:
        The working directory; it is made where it is new.

    Raises:
        NotFoundError: no such commit in the task's tree.
        CommandFailedError: git failed.
        ExhaustedError: the disk is full.
    """
    checked_commit(commit)
    repository = await asyncio.to_thread(open_branch, tree, branch)
    try:
        await _reset(repository, commit, leftovers)
    except CommandFailedError:
        await require_commit(tree, commit)
        # A command left what git cannot change, such as directories without rights. Begin anew.
        await asyncio.to_thread(_discard_branch, tree, branch)
        repository = await asyncio.to_thread(open_branch, tree, branch)
        await _reset(repository, commit, Leftovers.EVERYTHING)
    return tree.work_dir(branch)


def expect_touched_files(tree: TaskTree, branch: str) -> None:
    """Tells the next reset that files were touched but not changed, so that it compares before it writes. Blocks."""
    _touched(tree.index(branch)).touch()


async def require_commit(tree: TaskTree, commit: str) -> None:
    """Makes sure that the tree has a commit.

    Raises:
        NotFoundError: it has not.
    """
    found = await git(Repository(tree.git_dir), "cat-file", "-e", f"{checked_commit(commit)}^{{commit}}", check=False)
    if found.exit_code != 0:
        raise NotFoundError(f"the task's tree has no commit {commit}")


def open_branch(tree: TaskTree, branch: str) -> Repository:
    """Gives a branch's directory and index for git to work on, cleared of what killed runs leave. Blocks."""
    work, index = tree.work_dir(branch), tree.index(branch)
    for directory in (work, index.parent):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for lock in (index, tree.git_dir / "refs" / "heads" / branch):
        lock.with_name(f"{lock.name}.lock").unlink(missing_ok=True)
    remove_directory(work / ".git")
    return Repository(tree.git_dir, work, index)


async def _reset(repository: Repository, commit: str, leftovers: Leftovers) -> None:
    if repository.index is not None and await asyncio.to_thread(_touched(repository.index).exists):
        await git(repository, "update-index", "-q", "--refresh", check=False)
        await asyncio.to_thread(_touched(repository.index).unlink)
    await git(repository, "read-tree", "--reset", "-u", commit)
    if leftovers is not Leftovers.EVERYTHING:
        more = ("-x",) if leftovers is Leftovers.NOTHING else ()
        await git(repository, "clean", "-ffdq", *more)


def _touched(index: Path) -> Path:
    return index.with_name(f"{index.name}.touched")


def _discard_branch(tree: TaskTree, branch: str) -> None:
    for file in (tree.index(branch), _touched(tree.index(branch))):
        file.unlink(missing_ok=True)
    remove_directory(tree.work_dir(branch))
