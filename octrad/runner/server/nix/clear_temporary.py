"""Removes what Nix left behind when it was killed in the middle of a build: nobody else ever would."""

import logging

from octrad.runner.server.nix.store import NixStore
from octrad.runner.server.trees.remove_directory import remove_directory

logger = logging.getLogger(__name__)


def clear_temporary(store: NixStore) -> None:
    """Empties the store's temporary directory; no program of ours may be using it. Blocks.

    What cannot be removed takes some room and does no harm: the log says so, and the runner starts.
    """
    try:
        remove_directory(store.temporary_dir)
    except OSError as error:
        logger.warning("cannot empty %s: %s", store.temporary_dir, error)
    store.temporary_dir.mkdir(mode=0o700, exist_ok=True)
