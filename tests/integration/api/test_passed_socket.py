"""octrad on a socket that systemd made: it serves there and leaves it; who calls in between waits."""

import contextlib
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon import ROOT, Rehearsal, config_for, remove_tree

pytestmark = pytest.mark.timeout(180)
# What systemd does between fork and exec.
PASS_ON = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="octrad.socket")
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


@pytest.fixture
def base() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="octra-t-"))
    yield made
    remove_tree(made)


@contextlib.contextmanager
def octrad_on(passed: socket.socket, base: Path) -> Iterator[str]:
    """An octrad that was given the socket; ends it with SIGTERM. Gives the path that it says it is ready on."""
    argv = ["-m", "octrad", "serve", "--state-dir", str(base / "state"), "--config", str(base / "octrad.toml")]
    with (base / "log").open("a", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", PASS_ON, str(passed.fileno()), *argv],
            cwd=ROOT,
            pass_fds=(passed.fileno(),),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert process.stdout
        ready = process.stdout.readline()
        assert ready.startswith("octrad: ready on "), (base / "log").read_text(encoding="utf-8")
        yield ready.removeprefix("octrad: ready on ").strip()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.communicate()


def start_octractl(path: Path, *arguments: str) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-m", "octractl", "--socket", str(path), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)


def test_socket_of_systemd_is_served_and_keeps_callers_over_a_restart(base: Path, rehearsal: Rehearsal) -> None:
    (base / "octrad.toml").write_text(config_for(rehearsal), encoding="utf-8")
    path = base / "systemd.sock"
    with socket.socket(socket.AF_UNIX) as passed:
        passed.bind(str(path))
        passed.listen()
        with octrad_on(passed, base) as ready:
            assert ready == str(path)
            assert not (base / "state" / "octra.sock").exists()
            asking = start_octractl(path, "whoami")
            told, complained = asking.communicate(timeout=60)
            assert asking.returncode == 0, complained
            assert "owner" in told
        assert path.exists()
        # Nobody serves; who calls now waits for the next octrad.
        waiting = start_octractl(path, "status")
        assert _readable(passed)
        with octrad_on(passed, base):
            told, complained = waiting.communicate(timeout=60)
            assert waiting.returncode == 0, complained
            assert "octrad" in told


def _readable(listener: socket.socket) -> bool:
    """Whether somebody waits to be accepted."""
    return bool(select.select([listener], [], [], 30)[0])
