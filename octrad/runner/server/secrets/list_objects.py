"""Which objects a snapshot would keep for good that Octra has to answer for."""

from collections.abc import Sequence
from dataclasses import dataclass

from octrad.runner.server.trees.git import Repository, git, printable_path
from octrad.runner.server.trees.task_tree import TaskTree, checked_commit


@dataclass(frozen=True, slots=True)
class KeptObject:
    """An object by its id, and the path that it has in the commit or (`in_history`) had in an earlier one.

    A commit has no path, nor has the tree at its root.
    """

    name: str
    path: str
    in_history: bool


async def list_objects(tree: TaskTree, commit: str, since: Sequence[str]) -> tuple[KeptObject, ...]:
    """Every file of the commit, and what the commits brought that none of `since` reaches: files, messages.

    Without any all of the history is Octra's own. What a user's repository had before, and has no more, is left out.

    Raises:
        CommandFailedError: no such commit.
        ExhaustedError: git took too long.
    """
    repository = Repository(tree.git_dir)
    listed = await git(repository, "ls-tree", "-r", "-z", "--full-tree", checked_commit(commit))
    reached = await git(repository, "rev-list", "--objects", commit, "--not", *map(checked_commit, since))
    now = _files(listed.stdout)
    names = {kept.name for kept in now}
    return (*now, *(kept for kept in _reached(reached.stdout) if kept.name not in names))


def _files(listing: bytes) -> list[KeptObject]:
    entries = (line.partition(b"\t") for line in listing.split(b"\0") if line)
    return [KeptObject(meta.split()[2].decode(), printable_path(path), in_history=False) for meta, _, path in entries]


def _reached(listing: bytes) -> list[KeptObject]:
    lines = (line.partition(b" ") for line in listing.split(b"\n") if line)
    return [KeptObject(name.decode(), printable_path(path), in_history=True) for name, _, path in lines]
