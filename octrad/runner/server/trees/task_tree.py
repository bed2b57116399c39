"""Where a task's tree lives, and which names may be part of a path there.

One object store a task stands outside of every working directory, so that nothing a command does in a working
directory can reach history, configuration or hooks. This module only names places; it changes nothing.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from octrad.foundation.errors import InvalidRequestError, NotFoundError

_TASK_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_BRANCH = re.compile(r"[a-z0-9](?:[a-z0-9_-]|\.(?!\.|(?:lock|touched)$|$)){0,63}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class TaskTree:
    """The places of one task's tree."""

    root: Path

    @property
    def git_dir(self) -> Path:
        """The bare repository that holds every commit of the task."""
        return self.root / "git"

    def work_dir(self, branch: str) -> Path:
        """The plain directory that a branch's commands run in.

        Raises:
            InvalidRequestError: not a name for a branch.
        """
        return self.root / "work" / checked_branch(branch)

    def index(self, branch: str) -> Path:
        """What git remembers of that directory.

        Raises:
            InvalidRequestError: not a name for a branch.
        """
        return self.root / "index" / checked_branch(branch)


def task_tree(runner_dir: Path, task_id: str) -> TaskTree:
    """Names the places of a task's tree, whether it exists or not.

    Raises:
        InvalidRequestError: not an id of a task.
    """
    if not _TASK_ID.fullmatch(task_id):
        raise InvalidRequestError(f"`{task_id[:80]}` is not the id of a task", field="task_id")
    return TaskTree(runner_dir / "trees" / task_id)


def existing_tree(runner_dir: Path, task_id: str) -> TaskTree:
    """Names the places of a tree that was created.

    Raises:
        InvalidRequestError: not an id of a task.
        NotFoundError: it was never created on this machine, or is removed.
    """
    tree = task_tree(runner_dir, task_id)
    if not (tree.git_dir / "HEAD").exists():
        raise NotFoundError(f"task {task_id} has no tree on this machine")
    return tree


def checked_branch(branch: str) -> str:
    """Gives the name back if it can be a branch and a file name.

    Raises:
        InvalidRequestError: it cannot.
    """
    if not _BRANCH.fullmatch(branch):
        raise InvalidRequestError(f"`{branch[:80]}` is not a name for a branch", field="branch")
    return branch


def checked_commit(commit: str) -> str:
    """Gives the commit id back if it is one: never an option, a ref or a range.

    Raises:
        InvalidRequestError: it is not 40 hexadecimal digits.
    """
    if not _COMMIT.fullmatch(commit):
        raise InvalidRequestError(f"`{commit[:80]}` is not the id of a commit", field="commit")
    return commit
