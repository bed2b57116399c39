"""Turns signals into two wishes: to stop in good order, and then to stop at once."""

import asyncio
import signal

_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class StopWishes:
    """What people and systemd want: the first signal asks for an end, the second for an end without delay."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.at_once = asyncio.Event()

    @classmethod
    def from_signals(cls) -> "StopWishes":
        """Listens from now on to SIGTERM, SIGINT and SIGHUP (a terminal that closes), in the running event loop."""
        wishes = cls()
        loop = asyncio.get_running_loop()
        for number in _STOPPING:
            loop.add_signal_handler(number, wishes.take)
        return wishes

    def take(self) -> None:
        """Takes one signal."""
        (self.at_once if self.stop.is_set() else self.stop).set()
