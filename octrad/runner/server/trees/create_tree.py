"""Makes a task's tree: empty, or going on where a history ends. A tree that the task had before is replaced."""

import asyncio
import contextlib
import os
import shutil
from pathlib import Path

from octrad.runner.operations import MAIN_BRANCH, CreatedTree
from octrad.runner.server.trees.git import EMPTY_TREE, Repository, git, split_paths
from octrad.runner.server.trees.import_bundle import find_bundle
from octrad.runner.server.trees.remove_tree import remove_tree
from octrad.runner.server.trees.task_tree import TaskTree, checked_commit

FIRST_SUBJECT = "Begin"


async def create_empty_tree(tree: TaskTree) -> CreatedTree:
    """Makes a tree without files, with a first commit that holds nothing.

    Raises:
        CommandFailedError: git failed.
        ExhaustedError: the disk is full.
    """
    repository = await _new_repository(tree)
    # git knows the empty tree without having it; a history that others check must hold it.
    await git(repository, "mktree", stdin=b"")
    made = await git(repository, "commit-tree", EMPTY_TREE, "-F", "-", stdin=f"{FIRST_SUBJECT}\n".encode())
    await git(repository, "update-ref", f"refs/heads/{MAIN_BRANCH}", made.text)
    return CreatedTree(made.text, "", ())


async def create_tree_from_bundle(tree: TaskTree, bundles_dir: Path, bundle_id: str) -> CreatedTree:
    """Makes a tree that goes on where an imported bundle ends.

    Raises:
        NotFoundError: no such bundle, or it is older than a day.
        CommandFailedError: git failed.
        ExhaustedError: the disk is full.
    """
    bundle = await asyncio.to_thread(find_bundle, bundles_dir, bundle_id)
    return await create_tree_from_packs(tree, bundle.git_dir, bundle.commit)


async def create_tree_from_packs(tree: TaskTree, git_dir: Path, commit: str) -> CreatedTree:
    """Makes a tree from a checked repository all of whose objects are in packs.

    Raises:
        CommandFailedError: git failed, or the commit is not there.
        ExhaustedError: the disk is full.
    """
    repository = await _new_repository(tree)
    await asyncio.to_thread(_take_packs, git_dir, tree.git_dir)
    await git(repository, "update-ref", f"refs/heads/{MAIN_BRANCH}", checked_commit(commit))
    listed = await git(repository, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
    return CreatedTree(commit, commit, split_paths(listed.stdout))


async def new_bare_repository(git_dir: Path) -> Repository:
    """Makes an empty bare repository without hooks.

    Raises:
        CommandFailedError: git failed.
        ExhaustedError: the disk is full.
    """
    await asyncio.to_thread(git_dir.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
    repository = Repository(git_dir)
    await git(repository, "init", "--quiet", "--bare", "--template=", "-b", MAIN_BRANCH, "--object-format=sha1")
    return repository


async def _new_repository(tree: TaskTree) -> Repository:
    await remove_tree(tree)
    return await new_bare_repository(tree.git_dir)


def _take_packs(source: Path, target: Path) -> None:
    packs = target / "objects" / "pack"
    packs.mkdir(parents=True, exist_ok=True)
    # The index last: git sees a pack by its index.
    for file in sorted((source / "objects" / "pack").glob("pack-*"), key=lambda path: path.suffix == ".idx"):
        link_or_copy(file, packs / file.name)


def link_or_copy(source: Path, target: Path) -> None:
    """Gives a file that nobody writes to a second name, or copies it where that is not allowed. Blocks."""
    with contextlib.suppress(OSError):
        os.link(source, target, follow_symlinks=False)
        return
    shutil.copyfile(source, target, follow_symlinks=False)
    target.chmod(0o444)
