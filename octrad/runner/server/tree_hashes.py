"""Remembers the hashes of commits' trees: a commit's id is made of it, so it never changes, and git need not be asked.

Several checks run on one commit, and a process of git costs as much as half of a sandbox.
"""

from octrad.runner.server.trees.commit_branch import read_tree_hash
from octrad.runner.server.trees.task_tree import TaskTree

_REMEMBERED = 10_000


class TreeHashes:
    """The tree hashes that were asked for since the runner began."""

    def __init__(self) -> None:
        self._hashes: dict[str, str] = {}

    async def read(self, tree: TaskTree, commit: str) -> str:
        """Returns the hash of the tree of a commit, which the task's repository has.

        Raises:
            CommandFailedError: it has not.
        """
        if commit not in self._hashes:
            if len(self._hashes) >= _REMEMBERED:
                self._hashes.clear()
            self._hashes[commit] = await read_tree_hash(tree, commit)
        return self._hashes[commit]
