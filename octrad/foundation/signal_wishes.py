"""Turns signals into three wishes: to stop in good order, to stop at once, and to read the configuration anew.

SIGHUP is two signals in one: a terminal's last word to what runs in it, and everybody's way to have a service reload.
Who runs octrad in a terminal wants it gone with the terminal, as with any program; so there it stops. Under systemd, in
a session of its own, under nohup, without a terminal at all, it reloads.
"""

import asyncio
import os
import signal

_STOPPING = (signal.SIGTERM, signal.SIGINT)


class SignalWishes:
    """What people and systemd want: the first signal asks for an end, the second for an end without delay."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.at_once = asyncio.Event()
        self.reload = asyncio.Event()

    @classmethod
    def from_signals(cls) -> "SignalWishes":
        """Listens from now on to SIGTERM, SIGINT and SIGHUP, in the running event loop."""
        wishes = cls()
        loop = asyncio.get_running_loop()
        for number in _STOPPING:
            loop.add_signal_handler(number, wishes.take)
        # Asked before: of a terminal that closes nothing is left to be seen when the signal comes.
        loop.add_signal_handler(signal.SIGHUP, wishes.take if _hangup_stops() else wishes.reload.set)
        return wishes

    def take(self) -> None:
        """Takes one signal that asks for an end."""
        (self.at_once if self.stop.is_set() else self.stop).set()


def _hangup_stops() -> bool:
    if os.environ.get("NOTIFY_SOCKET") or signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        return False
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
