"""A private store is made once, by one program, whatever comes next."""

import asyncio
import os
import platform
import signal
import subprocess
from pathlib import Path

import pytest

from octrad.runner.server.nix.clear_temporary import clear_temporary
from octrad.runner.server.nix.make_private_store import make_private_store
from octrad.runner.server.nix.nix_command import ping_store
from octrad.runner.server.nix.store import NixStore, private_store
from tests.daemon import wait_until

_ENDLESS = f"""derivation {{
  name = "endless";
  system = "{platform.machine()}-linux";
  builder = "/bin/sh";
  args = ["-c" "while : ; do : ; done"];
}}"""


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


async def test_what_a_killed_build_left_behind_is_in_a_place_that_the_next_start_empties(tmp_path: Path) -> None:
    store = private_store(tmp_path)
    await make_private_store(store)
    clear_temporary(store)
    await _kill_in_mid_build(store)
    assert list(store.temporary_dir.iterdir())
    clear_temporary(store)
    assert list(store.temporary_dir.iterdir()) == []
    await ping_store(store)


@pytest.mark.skipif(os.geteuid() != 0, reason="ONLY ROOT CAN MOUNT")
def test_what_cannot_be_removed_is_said_and_left(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = private_store(tmp_path)
    (store.temporary_dir / "busy").mkdir()
    # Nobody removes where a file system is mounted, root neither.
    subprocess.run(["mount", "-t", "tmpfs", "none", str(store.temporary_dir / "busy")], check=True)
    try:
        clear_temporary(store)
    finally:
        subprocess.run(["umount", str(store.temporary_dir / "busy")], check=True)
    assert f"cannot empty {store.temporary_dir}" in caplog.text


async def _kill_in_mid_build(store: NixStore) -> None:
    build = await asyncio.create_subprocess_exec(
        "nix-build", "--no-out-link", "-E", _ENDLESS,
        env=dict(store.environment), start_new_session=True,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await asyncio.to_thread(wait_until, lambda: any(store.temporary_dir.iterdir()), 30, "a build has begun")
    finally:
        os.killpg(build.pid, signal.SIGKILL)
        await build.wait()
