"""A private store is made once, by one program, whatever comes next."""

import asyncio
from pathlib import Path

from octrad.runner.server.nix.make_private_store import make_private_store
from octrad.runner.server.nix.nix_command import ping_store
from octrad.runner.server.nix.store import private_store


async def test_programs_that_start_side_by_side_find_it_made(tmp_path: Path) -> None:
    # Left to themselves, twelve of them fail on one new store in three.
    for number in range(8):
        store = private_store(tmp_path / str(number))
        await make_private_store(store)
        await asyncio.gather(*(ping_store(store) for _ in range(12)))


async def test_one_whose_making_was_cut_off_is_made(tmp_path: Path) -> None:
    store = private_store(tmp_path)
    schema = store.state_dir / "db" / "schema"
    schema.parent.mkdir(parents=True)
    schema.touch()
    await make_private_store(store)
    await ping_store(store)
    assert schema.stat().st_size
