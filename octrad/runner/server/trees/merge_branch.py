"""Merges a worker's commit into main without touching a working directory."""

from octrad.foundation.process import CommandFailedError
from octrad.runner.operations import MAIN_BRANCH, MergedBranch
from octrad.runner.server.trees.commit_branch import changed_paths, commit_tree
from octrad.runner.server.trees.git import Repository, git, git_argv, split_paths
from octrad.runner.server.trees.task_tree import TaskTree, checked_commit


async def merge_branch(tree: TaskTree, commit: str, branch_commit: str, subject: str) -> MergedBranch:
    """Merges `branch_commit` into main, which is at `commit`; only forwards main where it has nothing of its own.

    Raises:
        CommandFailedError: a commit is missing, or the two have no common history.
        ExhaustedError: the disk is full.
    """
    repository = Repository(tree.git_dir)
    base = await git(repository, "merge-base", checked_commit(commit), checked_commit(branch_commit))
    if base.text == branch_commit:
        return MergedBranch(commit, (), ())
    if base.text == commit:
        await git(repository, "update-ref", f"refs/heads/{MAIN_BRANCH}", branch_commit)
        return MergedBranch(branch_commit, (), await changed_paths(repository, commit, branch_commit))
    return await _merge(tree, commit, branch_commit, subject)


async def _merge(tree: TaskTree, commit: str, branch_commit: str, subject: str) -> MergedBranch:
    arguments = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", commit, branch_commit)
    merged = await git(Repository(tree.git_dir), *arguments, check=False)
    tree_hash, _, conflicts = merged.stdout.partition(b"\0")
    match merged.exit_code:
        case 0:
            made = await commit_tree(tree, MAIN_BRANCH, tree_hash.decode(), (commit, branch_commit), subject)
            return MergedBranch(made.commit, (), made.paths)
        case 1:
            return MergedBranch(commit, split_paths(conflicts), ())
        case exit_code:
            raise CommandFailedError(git_argv(arguments), None, exit_code, merged.stderr.decode(errors="replace"))
