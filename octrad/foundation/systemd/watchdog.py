"""How often systemd's watchdog wants to hear of us. See sd_watchdog_enabled(3)."""

import os
from collections.abc import Mapping


def watchdog_s(environment: Mapping[str, str] = os.environ, *, pid: int | None = None) -> float | None:
    """After how many seconds of silence the service is killed; None where no watchdog watches this process."""
    text = environment.get("WATCHDOG_USEC", "")
    watched = environment.get("WATCHDOG_PID", "")
    if not text.isdigit() or int(text) == 0:
        return None
    if watched and watched != str(os.getpid() if pid is None else pid):
        return None
    return int(text) / 1_000_000
