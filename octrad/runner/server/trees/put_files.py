"""Commits files of our own making on top of a commit, without a working directory that they could be led astray in."""

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path

from octrad.runner.server.trees.commit_branch import Committed, commit_tree
from octrad.runner.server.trees.git import Repository, git
from octrad.runner.server.trees.task_tree import TaskTree, checked_commit


async def put_files(tree: TaskTree, branch: str, commit: str, files: Mapping[str, bytes], subject: str) -> Committed:
    """Commits plain files, each new or in place of what had its path.

    Raises:
        CommandFailedError: no such commit.
        ExhaustedError: the disk is full.
    """
    with await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="octra-index-") as directory:
        repository = Repository(tree.git_dir, index=Path(directory) / "index")
        await git(repository, "read-tree", checked_commit(commit))
        for path, content in files.items():
            blob = (await git(repository, "hash-object", "-w", "--stdin", stdin=content)).text
            await git(repository, "update-index", "--add", "--replace", "--cacheinfo", f"100644,{blob},{path}")
        tree_hash = (await git(repository, "write-tree")).text
    return await commit_tree(tree, branch, tree_hash, (commit,), subject)
