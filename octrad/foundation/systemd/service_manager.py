"""What systemd is told of a service's life, where it listens ($NOTIFY_SOCKET); otherwise nothing happens.

See sd_notify(3). A service manager that cannot be reached is logged and never a reason to end.
"""

import logging
import os
import time

from systemd.daemon import notify

logger = logging.getLogger(__name__)

_STATUS_CHARACTERS = 300


class ServiceManager:
    """systemd, as one service of it speaks to it."""

    def __init__(self) -> None:
        self._status = ""

    @property
    def is_listening(self) -> bool:
        """Whether there is a service manager that wants to be told."""
        return bool(os.environ.get("NOTIFY_SOCKET"))

    def ready(self, status: str) -> None:
        """It can be asked now, or again after a reload."""
        self._tell("READY=1", self._line(status))

    def reloading(self) -> None:
        """It reads its configuration; `ready` says when that is done."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self, status: str, *, within_s: float) -> None:
        """It comes to its end, which takes `within_s` seconds at most, whatever the unit's TimeoutStopSec= is."""
        self._tell("STOPPING=1", self._line(status), f"EXTEND_TIMEOUT_USEC={round(within_s * 1_000_000)}")

    def show_status(self, status: str) -> None:
        """What it does, in a line for `systemctl status`; told only when it changed."""
        if status != self._status:
            self._tell(self._line(status))

    def feed_watchdog(self) -> None:
        """It is well."""
        self._tell("WATCHDOG=1")

    def _line(self, status: str) -> str:
        self._status = status
        return f"STATUS={' '.join(status.split())[:_STATUS_CHARACTERS]}"

    def _tell(self, *assignments: str) -> None:
        try:
            notify("\n".join(assignments))
        except OSError as error:
            logger.warning("systemd cannot be told: %s", error)
