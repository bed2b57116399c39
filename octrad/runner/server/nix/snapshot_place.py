"""What a snapshot in the store looks like from outside: its name, and where its repository is."""

import re
from pathlib import Path

from octrad.foundation.errors import InvalidRequestError, NotFoundError
from octrad.runner.server.nix.store import NixStore
from octrad.runner.server.trees.diff_commits import ResolvedSide

# The name of every snapshot in the store: same content, same path.
SNAPSHOT_NAME = "octra-project"
_BASENAME = re.compile(rf"[0-9a-z]{{32}}-{SNAPSHOT_NAME}")
_HEAD_REF = "refs/heads/main"


def snapshot_directory(store: NixStore, store_path: str) -> Path:
    """The directory of a snapshot. Blocks for one look.

    Raises:
        InvalidRequestError: not the path of a snapshot of this store.
        NotFoundError: it is not there, or no longer.
    """
    path = Path(store_path)
    if path.parent != store.store_dir or not _BASENAME.fullmatch(path.name):
        raise InvalidRequestError(f"`{store_path[:200]}` is not a snapshot in {store.store_dir}", field="store_path")
    if not path.is_dir():
        raise NotFoundError(f"the snapshot {store_path} is not in the store")
    return path


def snapshot_git_dir(store: NixStore, store_path: str) -> Path:
    """The repository within a snapshot. Raises like `snapshot_directory`."""
    return snapshot_directory(store, store_path) / ".git"


def snapshot_head(store: NixStore, store_path: str) -> str:
    """The commit that a snapshot is of. Raises like `snapshot_directory`."""
    return (snapshot_git_dir(store, store_path) / _HEAD_REF).read_text().strip()


def side_of_snapshot(store: NixStore, store_path: str, commit: str) -> ResolvedSide:
    """A commit of a snapshot, its last one where none is named. Raises like `snapshot_directory`."""
    return ResolvedSide(snapshot_git_dir(store, store_path), commit or snapshot_head(store, store_path))
