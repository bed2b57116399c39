"""What systemd does of a .socket and a .service unit: holds the socket, starts the service at a connection, no more.

The socket is real and passed as systemd passes it; only who starts the process is a test.
"""

import contextlib
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.daemon import ROOT

# Between fork and exec: the socket as descriptor 3, and the variables with the service's own process id.
_PASS_ON = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""


class SocketUnit:
    """A socket, and the service that is started when somebody connects."""

    def __init__(self, path: Path, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.starts = 0
        self._command = list(command)
        self._environment = os.environ | (environment or {})
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(128)
        self.process: subprocess.Popen[bytes] | None = None

    def is_wanted(self, timeout_s: float = 0) -> bool:
        """Whether somebody waits to be accepted."""
        return bool(select.select([self._listener], [], [], timeout_s)[0])

    def start_if_wanted(self) -> None:
        """Starts the service when it does not run and somebody waits."""
        is_there = self.process is not None and self.process.poll() is None
        if not is_there and self.is_wanted():
            self.start()

    def start(self) -> "subprocess.Popen[bytes]":
        fd = self._listener.fileno()
        argv = [sys.executable, "-c", _PASS_ON, str(fd), *self._command]
        self.process = subprocess.Popen(argv, cwd=ROOT, pass_fds=(fd,), env=self._environment)
        self.starts += 1
        return self.process

    def stop(self) -> int:
        """`systemctl stop`, of both; returns the service's exit code."""
        self._listener.close()
        if self.process is None:
            return 0
        self.process.terminate()
        return self.process.wait(30)


@contextlib.contextmanager
def activating(*units: SocketUnit) -> Iterator[None]:
    """Starts each unit whenever somebody wants it, until the end of the block, which stops them all."""
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.01):
            for unit in units:
                unit.start_if_wanted()

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        is_over.set()
        watching.join()
        for unit in units:
            unit.stop()
