"""The listening socket: our own with its mode, and the one that systemd passed, in processes of their own."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from octrad.foundation.door.listener import open_listener
from octrad.foundation.errors import ConfigurationError

LISTEN = """
import os, sys
from pathlib import Path
from octrad.foundation.door.listener import open_listener
listener = open_listener(Path(sys.argv[1]), mode=0o600)
print(listener.getsockname(), os.get_inheritable(listener.fileno()), sorted(n for n in os.environ if "LISTEN" in n))
sys.stdout.flush()
listener.setblocking(True)
connection, _ = listener.accept()
connection.sendall(b"hello")
connection.close()
listener.close()
"""
# What systemd does between fork and exec: the socket as descriptor 3, and the variables with our own process id.
PASS_ON = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid() + int(sys.argv[2])), LISTEN_FDS="1", LISTEN_FDNAMES="octra.socket")
os.execv(sys.executable, [sys.executable, "-c", sys.argv[3], sys.argv[4]])
"""


def _start(passed: socket.socket, own_path: Path, *, pid_offset: int = 0) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-c", PASS_ON, str(passed.fileno()), str(pid_offset), LISTEN, str(own_path)]
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, pass_fds=(passed.fileno(),), stdout=pipe, stderr=pipe, text=True)


def _answer(path: Path) -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(path))
        return client.recv(10)


def test_own_socket_has_its_mode_whatever_the_umask_and_goes_with_the_listener(tmp_path: Path) -> None:
    path = tmp_path / "s"
    before = os.umask(0)
    try:
        listener = open_listener(path, mode=0o660)
        assert os.umask(0) == 0
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o660
    listener.close()
    assert not path.exists()
    listener.close()


def test_socket_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with open_listener(path, mode=0o600), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("precious", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is no socket"):
        open_listener(path, mode=0o600)
    assert path.read_text(encoding="utf-8") == "precious"


def test_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        open_listener(tmp_path / "missing" / "s", mode=0o600)


def test_socket_of_systemd_is_taken_and_neither_unlinked_nor_passed_on(tmp_path: Path) -> None:
    path, own = tmp_path / "systemd.sock", tmp_path / "own.sock"
    with socket.socket(socket.AF_UNIX) as passed:
        passed.bind(str(path))
        passed.listen()
        process = _start(passed, own)
        assert process.stdout
        assert process.stdout.readline().strip() == f"{path} False []"
        assert _answer(path) == b"hello"
        process.communicate(timeout=20)
        assert process.returncode == 0
        assert path.exists()
        assert not own.exists()
        # It still listens: the next caller waits in the backlog for the next process.
        with socket.socket(socket.AF_UNIX) as waiting:
            waiting.connect(str(path))


def test_socket_that_was_passed_to_another_process_is_not_taken(tmp_path: Path) -> None:
    own = tmp_path / "own.sock"
    with socket.socket(socket.AF_UNIX) as passed:
        passed.bind(str(tmp_path / "systemd.sock"))
        passed.listen()
        process = _start(passed, own, pid_offset=1)
        assert process.stdout
        assert process.stdout.readline().startswith(f"{own} ")
        assert _answer(own) == b"hello"
        process.communicate(timeout=20)


def test_passed_descriptor_that_does_not_listen_is_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as passed:
        passed.bind(str(tmp_path / "datagrams.sock"))
        process = _start(passed, tmp_path / "own.sock")
        _, said = process.communicate(timeout=20)
    assert "systemd passed no listening Unix socket" in said
