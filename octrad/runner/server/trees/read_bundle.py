"""The history of a repository as a git bundle, as it is made."""

from collections.abc import AsyncGenerator
from pathlib import Path

from octrad.runner.server.trees.git import Repository, stream_git


def read_bundle(git_dir: Path) -> AsyncGenerator[bytes, None]:
    """A bundle, in parts, that holds everything that HEAD reaches, and HEAD.

    Raises:
        CommandFailedError: git failed.
    """
    return stream_git(Repository(git_dir), "bundle", "create", "--quiet", "-", "HEAD")
