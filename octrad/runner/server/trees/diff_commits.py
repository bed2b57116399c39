"""The difference between two commits, each in a task's tree or in a snapshot, as a unified diff."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from octrad.runner.server.trees.git import EMPTY_TREE, Repository, stream_git
from octrad.runner.server.trees.task_tree import checked_commit, existing_tree


@dataclass(frozen=True, slots=True)
class ResolvedSide:
    """A commit and the repository that has it. `ResolvedSide(None, "")` is nothing at all."""

    git_dir: Path | None
    commit: str

    @property
    def tree(self) -> str:
        """What git is to compare."""
        return EMPTY_TREE if self.git_dir is None else checked_commit(self.commit)


def side_of_task(runner_dir: Path, task_id: str, commit: str) -> ResolvedSide:
    """A commit of a task's tree.

    Raises:
        NotFoundError: the task has no tree here.
        InvalidRequestError: not a task's or a commit's id.
    """
    return ResolvedSide(existing_tree(runner_dir, task_id).git_dir, checked_commit(commit))


async def diff_commits(old: ResolvedSide, new: ResolvedSide) -> AsyncGenerator[bytes, None]:
    """What leads from `old` to `new`, in parts. No external program of the repository's choice is run.

    Raises:
        CommandFailedError: a commit is missing.
    """
    places = [side.git_dir for side in (old, new) if side.git_dir is not None]
    if not places:
        return
    repository = Repository(places[0], alternates=tuple(place / "objects" for place in places[1:]))
    arguments = ("--patch", "--find-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules")
    # As of a bare one: no .gitattributes, ours or the project's, says what is not to be shown.
    async for chunk in stream_git(repository, "-c", "core.bare=true", "diff", *arguments, old.tree, new.tree):
        yield chunk
