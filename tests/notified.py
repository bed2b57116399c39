"""systemd's end of $NOTIFY_SOCKET: a real datagram socket, read one message at a time."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

TIMEOUT_S = 60.0


class NotifySocket:
    """What a service manager hears."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))

    def next(self, timeout_s: float = TIMEOUT_S) -> dict[str, str]:
        """The next message, as its assignments; TimeoutError when none comes."""
        self._socket.settimeout(timeout_s)
        return dict(line.split("=", 1) for line in self._socket.recv(65536).decode().splitlines())

    def until(self, condition: Callable[[dict[str, str]], bool], timeout_s: float = TIMEOUT_S) -> dict[str, str]:
        """The next message of which the condition holds; the others before it are passed over."""
        deadline = time.monotonic() + timeout_s
        while True:
            message = self.next(max(0.001, deadline - time.monotonic()))
            if condition(message):
                return message

    def until_status(self, status: str) -> dict[str, str]:
        """The next message whose STATUS holds a text."""
        return self.until(lambda message: status in message.get("STATUS", ""))

    def pass_over(self) -> None:
        """Forgets what was said so far."""
        self._socket.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                self._socket.recv(65536)

    def hears_within(self, key: str, seconds: float) -> bool:
        """Whether a message with this key comes in so many seconds."""
        try:
            self.until(lambda message: key in message, seconds)
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        self._socket.close()


@contextlib.contextmanager
def notify_socket(directory: Path) -> Iterator[NotifySocket]:
    """A socket in the directory."""
    made = NotifySocket(directory / "notify")
    try:
        yield made
    finally:
        made.close()
