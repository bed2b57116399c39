"""Removes a task's tree: its history, its branches and its working directories."""

import asyncio

from octrad.runner.server.trees.remove_directory import remove_directory
from octrad.runner.server.trees.task_tree import TaskTree


async def remove_tree(tree: TaskTree) -> None:
    """Removes everything of a task's tree; one that is gone or was never there is fine.

    Raises:
        OSError: something in it cannot be removed.
    """
    # The history first: a tree that is half removed is then known not to exist.
    for part in (tree.git_dir, tree.root):
        await asyncio.to_thread(remove_directory, part)
