"""What happens when the sandbox itself cannot be set up: said as such, never taken for the command's failure."""

from pathlib import Path

import pytest

from octrad.runner.server.sandbox import watch_disk
from octrad.runner.server.sandbox.describe_sandbox import Sandbox
from octrad.runner.server.sandbox.limit_command import Limit, Limits
from octrad.runner.server.sandbox.run_sandboxed import run_sandboxed
from octrad.runner.server.sandbox.sandbox_failed import SandboxFailedError
from octrad.runner.server.sandbox.show_etc import write_etc
from octrad.runner.server.sandbox.watch_disk import is_disk_short

LIMITS = Limits(timeout_s=5, output_bytes=10_000, memory_bytes=2**28, processes=50, file_bytes=2**20)
HOST = {path: path for path in ("/usr", "/bin", "/lib", "/lib64", "/nix/store")}


def sandbox(directory: Path, *, work: str = "work", program: str = "/bin/sh") -> Sandbox:
    (directory / "work").mkdir()
    return Sandbox(
        work_dir=directory / work,
        etc_dir=write_etc(directory / "etc"),
        argv=(program, "-c", "true"),
        variables={},
        read_only=HOST,
        temporary_bytes=2**20,
    )


async def test_missing_work_tree_is_a_failure_of_the_sandbox(tmp_path: Path) -> None:
    output: list[bytes] = []
    with pytest.raises(SandboxFailedError):
        await run_sandboxed(sandbox(tmp_path, work="gone"), LIMITS, output.append)
    assert b"bwrap: " in b"".join(output)


async def test_missing_shell_is_a_failure_of_the_sandbox(tmp_path: Path) -> None:
    with pytest.raises(SandboxFailedError):
        await run_sandboxed(sandbox(tmp_path, program="/no/such/shell"), LIMITS, lambda _: None)


async def test_missing_bubblewrap_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxFailedError, match="not installed"):
        await run_sandboxed(sandbox(tmp_path), LIMITS, lambda _: None)


async def test_listener_that_fails_ends_the_command(tmp_path: Path) -> None:
    def refuse(_: bytes) -> None:
        raise OSError("no space")

    shown = sandbox(tmp_path)
    loud = Sandbox(shown.work_dir, shown.etc_dir, ("/bin/sh", "-c", "echo x; sleep 60"), {}, HOST, 2**20)
    with pytest.raises(OSError, match="no space"):
        await run_sandboxed(loud, LIMITS, refuse)


async def test_command_that_fills_the_disk_is_ended(tmp_path: Path) -> None:
    shown = sandbox(tmp_path)
    filling = Sandbox(shown.work_dir, shown.etc_dir, ("/bin/sh", "-c", "echo x > full; sleep 60"), {}, HOST, 2**20)
    ended = await run_sandboxed(filling, LIMITS, lambda _: None, is_disk_short=(tmp_path / "work" / "full").exists)
    assert (ended.limit, ended.exit_code) == (Limit.DISK, 137)


def test_disk_is_short_below_its_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_disk_short(tmp_path)
    monkeypatch.setattr(watch_disk, "RESERVE_BYTES", 2**62)
    monkeypatch.setattr(watch_disk, "RESERVE_PART", 1)
    assert is_disk_short(tmp_path)
