"""Finds the flake that a project's user brought, at the last commit that the user made.

Nix evaluates a flake outside of the sandbox, so what a model wrote must never be evaluated, nor a user's flake that
imports a file which a model has changed since. Only the runner commits for models, always as one committer; nobody
else's commits can come into a history but by its user. So the last commit that is not the runner's is the user's word.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from octrad.foundation.errors import InvalidRequestError
from octrad.runner.server.nix.flake import is_unchanged_since_written
from octrad.runner.server.nix.nix_command import FlakeInput
from octrad.runner.server.trees.git import IDENTITY_EMAIL, Repository, stream_git
from octrad.runner.server.trees.read_files import FILE_BYTES_LIMIT, list_files, read_files
from octrad.runner.server.trees.task_tree import TaskTree, checked_commit

_REMOTE = frozenset({"github", "gitlab", "sourcehut"})
_BY_URL = frozenset({"file", "git", "hg", "tarball"})
_REMOTE_URLS = ("https://", "http://", "ssh://")


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


def refuse_inputs(inputs: Sequence[FlakeInput], override: str) -> None:
    """Accepts inputs that come over the network, and the one that we put in place of nixpkgs.

    Nix reads an input from this machine's disk with the rights of the runner, and shows it to every command.

    Raises:
        InvalidRequestError: one would be read from this machine.
    """
    for found in inputs:
        is_remote = found.kind in _REMOTE or (found.kind in _BY_URL and found.place.startswith(_REMOTE_URLS))
        if not is_remote and not (override and f"{found.kind}:{found.place}" == override):
            raise InvalidRequestError(
                f"the input `{found.name[:80]}` of the project's flake.nix is a place on this machine",
                field="flake.nix",
                hint="only inputs that come over the network are taken",
            )


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
