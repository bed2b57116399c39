"""Makes a private store before anybody uses it.

Nix makes a store when it opens it first, and two of its programs that do so side by side get in each other's way: one
ends with `creating symlink …/gcroots/profiles: File exists`, or with `…/db/schema is corrupt`, because it is empty yet.
It stays empty when Nix is killed just then; a store with an empty one holds nothing.
"""

import asyncio
import logging
from pathlib import Path

from octrad.foundation.errors import OctraError
from octrad.runner.server.nix.nix_command import ping_store
from octrad.runner.server.nix.store import NixStore

logger = logging.getLogger(__name__)


async def make_private_store(store: NixStore) -> None:
    """Opens the store, alone; the machine's is there already. What is wrong with it is told to whoever uses it."""
    if not store.private:
        return
    await asyncio.to_thread(_begin_again_if_cut_off, store.state_dir / "db" / "schema")
    try:
        await ping_store(store)
    except OctraError as error:
        logger.warning("the private Nix store cannot be opened: %s", error.message)


def _begin_again_if_cut_off(schema: Path) -> None:
    if schema.exists() and not schema.stat().st_size:
        schema.unlink()
