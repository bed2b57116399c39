import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from octractl.exit_codes import ExitCode
from octractl.restore.copy_tree import copy_tree
from octractl.restore.nar import NarError
from octractl.restore.target import MARK, slug
from octractl.restore.unpack_nar import unpack_nar
from tests.integration.octractl.conftest import Octractl
from tests.integration.octractl.daemon import TASK, Daemon, dump


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree as the store holds it: modes 0444 and 0555."""
    root = tmp_path / "store" / "hash-tree"
    (root / "empty").mkdir(parents=True)
    (root / ".git" / "objects").mkdir(parents=True)
    (root / ".git" / "objects" / "pack").write_bytes(os.urandom(300_000))
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "a b\n").write_text("strange")
    Path(os.fsdecode(os.fsencode(root) + b"/\xff\xfe")).write_text("not UTF-8")
    (root / "zero").touch()
    (root / "twin").write_bytes(b"same")
    (root / "twin2").hardlink_to(root / "twin")
    (root / "link").symlink_to("run.sh")
    (root / "dangling").symlink_to("/nowhere/../else")
    for path in root.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o555 if path.is_dir() or path.name == "run.sh" else 0o444)
    return root


def modes(root: Path) -> set[int]:
    return {stat.S_IMODE(path.lstat().st_mode) for path in root.rglob("*") if not path.is_symlink()}


def leftovers(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir() if MARK in path.name]


def assert_restored(target: Path, tree: Path) -> None:
    assert dump(target) == dump(tree)
    assert modes(target) == {0o644, 0o755}
    assert stat.S_IMODE(target.stat().st_mode) == 0o755
    assert (target / "twin").stat().st_nlink == 1
    assert not leftovers(target.parent)


@pytest.mark.parametrize("umask", [0o022, 0o077, 0])
def test_copy_has_the_modes_of_a_restore_under_any_umask(tree: Path, tmp_path: Path, umask: int) -> None:
    target = tmp_path / "copy"
    target.mkdir()
    before = os.umask(umask)
    try:
        copy_tree(tree, target, threading.Event())
    finally:
        os.umask(before)
    assert dump(target) == dump(tree)
    assert modes(target) == {0o644, 0o755}


def test_unpacking_is_what_nix_dumped(tree: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    target.mkdir()
    archive = dump(tree)
    parts = [archive[i : i + 4096] for i in range(0, len(archive), 4096)]
    assert unpack_nar(parts, target) == f"sha256:{hashlib.sha256(archive).hexdigest()}"
    assert dump(target) == archive
    assert modes(target) == {0o644, 0o755}


def test_archive_of_a_file_is_refused(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(NarError):
        unpack_nar([dump(tree / "run.sh")], tmp_path)


@pytest.mark.parametrize("how", [[], ["--stream"]])
def test_restores_proved_into_a_new_directory(
    daemon: Daemon, octractl: Octractl, tree: Path, tmp_path: Path, how: list[str]
) -> None:
    daemon.snapshots.take(tree, rehearsal=True, partial=True)
    done = octractl("restore", TASK, tmp_path / "out", *how)
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'out'}\n"), done.stderr
    assert "partial snapshot snapbcdfgh [rehearsal]" in done.stderr
    assert_restored(tmp_path / "out", tree)


def test_default_directory_is_the_task_and_its_title(daemon: Daemon, octractl: Octractl, tree: Path) -> None:
    daemon.snapshots.take(tree)
    assert octractl("restore", TASK).stdout == f"{TASK}-2jtodo-list\n".replace("2jtodo", "a-2jtodo")


@pytest.mark.parametrize("how", [[], ["--stream"]])
def test_damaged_snapshot_leaves_nothing(
    daemon: Daemon, octractl: Octractl, tree: Path, tmp_path: Path, how: list[str]
) -> None:
    daemon.snapshots.take(tree)
    daemon.snapshots.is_damaged = True
    if how:
        daemon.snapshots.snapshot.nar_hash = "sha256:" + "0" * 64
    done = octractl("restore", TASK, tmp_path / "out", *how)
    assert done.returncode == ExitCode.DATA
    assert "damaged" in done.stderr
    assert not (tmp_path / "out").exists()
    assert not leftovers(tmp_path)


def test_stream_cut_short_leaves_nothing(daemon: Daemon, octractl: Octractl, tree: Path, tmp_path: Path) -> None:
    daemon.snapshots.take(tree)
    daemon.snapshots.cut_stream = True
    done = octractl("restore", TASK, tmp_path / "out", "--stream")
    assert (done.returncode, "cut short" in done.stderr) == (ExitCode.DATA, True)
    assert not (tmp_path / "out").exists()
    assert not leftovers(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_in_the_middle_leaves_nothing(daemon: Daemon, tree: Path, tmp_path: Path, number: int) -> None:
    daemon.snapshots.take(tree)
    daemon.snapshots.may_verify.clear()
    process = subprocess.Popen(
        [sys.executable, "-m", "octractl", "--socket", daemon.socket, "restore", TASK, tmp_path / "out"],
        stderr=subprocess.PIPE, text=True, env=os.environ,
    )  # fmt: skip
    assert daemon.snapshots.verifying.wait(30)
    assert leftovers(tmp_path)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=30)
    daemon.snapshots.may_verify.set()
    assert process.returncode == 128 + number
    assert not (tmp_path / "out").exists()
    assert not leftovers(tmp_path)
    assert "Traceback" not in stderr


def test_directory_that_is_not_empty_is_refused_and_replaced_whole_when_forced(
    daemon: Daemon, octractl: Octractl, tree: Path, tmp_path: Path
) -> None:
    daemon.snapshots.take(tree)
    target = tmp_path / "out"
    target.mkdir()
    (target / "mine").write_text("precious")
    done = octractl("restore", TASK, target)
    assert done.returncode == ExitCode.CANNOT_CREATE
    assert "--force" in done.stderr
    assert (target / "mine").read_text() == "precious"
    assert octractl("restore", TASK, target, "--force").returncode == 0
    assert_restored(target, tree)


@pytest.mark.parametrize("kind", ["empty", "link", "dot"])
def test_empty_directory_is_taken(daemon: Daemon, octractl: Octractl, tree: Path, tmp_path: Path, kind: str) -> None:
    daemon.snapshots.take(tree)
    (tmp_path / "out").mkdir()
    (tmp_path / "link").symlink_to("out")
    if kind == "dot":
        done = octractl("restore", TASK, ".", cwd=tmp_path / "out")
        assert "cd ." in done.stderr
    else:
        done = octractl("restore", TASK, tmp_path / ("link" if kind == "link" else "out"))
    assert done.returncode == 0, done.stderr
    assert_restored(tmp_path / "out", tree)


@pytest.mark.parametrize("target", ["no/such/parent", "file/below", "file", "/proc/octra", "/"])
def test_target_that_cannot_be_made_is_refused(
    daemon: Daemon, octractl: Octractl, tree: Path, tmp_path: Path, target: str
) -> None:
    daemon.snapshots.take(tree)
    (tmp_path / "file").write_text("mine")
    done = octractl("restore", TASK, tmp_path / target)
    assert done.returncode == ExitCode.CANNOT_CREATE
    assert done.stderr.startswith("error: ")
    assert (tmp_path / "file").read_text() == "mine"


def test_full_disk_is_said_and_leaves_nothing(daemon: Daemon, octractl: Octractl, tree: Path, tmp_path: Path) -> None:
    daemon.snapshots.take(tree)
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], check=False, timeout=10)
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        for how in ([], ["--stream"]):
            done = octractl("restore", TASK, small / "out", *how)
            assert done.returncode == ExitCode.CANNOT_CREATE
            assert "make room" in done.stderr
            assert not list(small.iterdir())
    finally:
        subprocess.run(["umount", small], check=True, timeout=10)


def test_unreadable_store_is_streamed(daemon: Daemon, octractl: Octractl, tree: Path, tmp_path: Path) -> None:
    daemon.snapshots.take(tree)
    daemon.snapshots.snapshot.store_path = "/nix/store/not-on-this-machine"
    assert octractl("restore", TASK, tmp_path / "out").returncode == 0
    assert_restored(tmp_path / "out", tree)
    shutil.rmtree(tmp_path / "out")


@pytest.mark.parametrize(
    ("title", "expected"),
    [("A To-Do list!", "a-to-do-list"), ("../../etc", "etc"), ("日本", ""), ("x" * 99, "x" * 40)],
)
def test_title_becomes_the_name_of_a_directory(title: str, expected: str) -> None:
    assert slug(title) == expected
