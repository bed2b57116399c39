"""Finds the flake that a project's user brought, at the last commit that the user made.

Nix evaluates a flake outside of the sandbox, so what a model wrote must never be evaluated, nor a user's flake that
imports a file which a model has changed since. Only the runner commits for models, always as one committer; nobody
else's commits can come into a history but by its user. So the last commit that is not the runner's is the user's word.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from octrad.runner.server.nix.flake import is_unchanged_since_written
from octrad.runner.server.trees.git import IDENTITY_EMAIL, Repository, stream_git
from octrad.runner.server.trees.read_files import FILE_BYTES_LIMIT, list_files, read_files
from octrad.runner.server.trees.task_tree import TaskTree, checked_commit


async def find_foreign_flake(tree: TaskTree, commit: str) -> str | None:
    """The commit to evaluate, if the user has a flake there that `flake_text` did not write; None: there is none.

    Raises:
        CommandFailedError: no such commit.
    """
    users = await _last_commit_of_user(tree, commit)
    if users is None:
        return None
    kinds = {entry.path: entry.kind for entry in await list_files(tree, users)}
    if "flake.nix" not in kinds:
        return None
    [flake] = await read_files(tree, users, ["flake.nix"], FILE_BYTES_LIMIT)
    is_ours = kinds["flake.nix"] != "symlink" and is_unchanged_since_written(flake.content)
    return None if is_ours else users


async def _last_commit_of_user(tree: TaskTree, commit: str) -> str | None:
    listing = stream_git(
        Repository(tree.git_dir), "log", "--first-parent", "--format=%H %ce", "--end-of-options", checked_commit(commit)
    )
    async with aclosing(_lines(listing)) as lines:
        async for line in lines:
            found, _, committer = line.partition(" ")
            if committer != IDENTITY_EMAIL:
                return found
    return None


async def _lines(chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[str, None]:
    rest = b""
    async with aclosing(chunks):
        async for chunk in chunks:
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line.decode(errors="replace")
