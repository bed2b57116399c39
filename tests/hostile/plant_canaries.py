"""Puts things where a command must not reach: a secret in every kind of place, and somebody who listens."""

import contextlib
import ctypes
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from octrad.runner.server.sandbox.leave_keyring import leave_keyring
from tests.hostile.attempts.canary import Canary

_ADD_KEY = {"x86_64": 248, "aarch64": 217}
_SESSION_KEYRING = -3


@dataclass(frozen=True, slots=True)
class Planted:
    """What is there before a runner is; `environment` is what the runner is to be started with."""

    secret: str
    directory: Path
    process: int
    port: int
    abstract_socket: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "OCTRA_HOSTILE_SECRET": self.secret,
            "CREDENTIALS_DIRECTORY": str(self.directory / "credentials"),
            "NOTIFY_SOCKET": str(self.directory / "socket"),
        }

    def seen_by(self, state_dir: Path, config_path: Path, snapshot: str) -> Canary:
        """What an attempt is told, once there is a runner with something in it."""
        return Canary(
            reversed_secret=self.secret[::-1],
            state_dir=str(state_dir),
            config_path=str(config_path),
            snapshot=snapshot,
            runner_socket=str(state_dir / "runner" / "runner.sock"),
            directory=str(self.directory),
            secret_file=str(self.directory / "secret"),
            shared_memory_file=f"/dev/shm/{self.directory.name}",
            credentials=str(self.directory / "credentials"),
            process=self.process,
            port=self.port,
            abstract_socket=self.abstract_socket,
            socket=str(self.directory / "socket"),
        )


@contextlib.contextmanager
def planted() -> Iterator[Planted]:
    """Plants them all, and takes them away at the end of the block."""
    secret = f"canary-{secrets.token_hex(16)}"
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(_open_directory())
        stack.callback(Path(f"/dev/shm/{directory.name}").unlink, missing_ok=True)
        _plant_files(directory, secret)
        _plant_key(secret)
        listeners = [stack.enter_context(contextlib.closing(listener)) for listener in _listeners(directory)]
        pid = stack.enter_context(_process(secret))
        yield Planted(secret, directory, pid, listeners[0].getsockname()[1], directory.name)


@contextlib.contextmanager
def _open_directory() -> Iterator[Path]:
    """One that everybody may write in, and not below /tmp: that is a command's own."""
    directory = Path(tempfile.mkdtemp(prefix="octra-hostile-", dir="/var/tmp"))
    directory.chmod(0o777)
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


def _plant_files(directory: Path, secret: str) -> None:
    (directory / "credentials").mkdir()
    for path in (directory / "secret", directory / "credentials" / "key", Path(f"/dev/shm/{directory.name}")):
        path.write_text(secret, encoding="utf-8")
        path.chmod(0o644)


def _plant_key(secret: str) -> None:
    leave_keyring()
    number = _ADD_KEY[os.uname().machine]
    ctypes.CDLL(None).syscall(number, b"user", b"octra-hostile", secret.encode(), len(secret), _SESSION_KEYRING)


def _listeners(directory: Path) -> Iterator[socket.socket]:
    yield socket.create_server(("127.0.0.1", 0))
    for address in (f"\0{directory.name}", str(directory / "socket")):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(address)
        listener.listen()
        yield listener
    (directory / "socket").chmod(0o777)


@contextlib.contextmanager
def _process(secret: str) -> Iterator[int]:
    wait = "print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", wait],
        env={"OCTRA_HOSTILE_SECRET": secret},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()
