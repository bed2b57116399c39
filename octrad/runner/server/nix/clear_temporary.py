"""Removes what Nix left behind when it was killed in the middle of a build: nobody else ever would."""

from octrad.runner.server.nix.store import NixStore
from octrad.runner.server.trees.remove_directory import remove_directory


def clear_temporary(store: NixStore) -> None:
    """Empties the store's temporary directory; no program of ours may be using it. Blocks.

    Raises:
        OSError: something in it cannot be removed.
    """
    remove_directory(store.temporary_dir)
    store.temporary_dir.mkdir(mode=0o700)
