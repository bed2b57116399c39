"""Tells systemd what a servant does, and that its event loop turns, where systemd listens."""

import asyncio

from octrad.foundation.once.engine import Engine
from octrad.foundation.systemd.service_manager import ServiceManager
from octrad.foundation.systemd.watchdog import watchdog_s

_LOOK_EVERY_S = 5.0


def describe_work(engine: Engine, refused: str = "") -> str:
    """What the servant does, in a line; `refused` is what is wrong with a configuration that was left aside."""
    work = f"works on {engine.running}" if engine.running else "works on nothing"
    return f"{work}; the configuration in the file is refused: {refused}" if refused else work


async def report_status(engine: Engine, manager: ServiceManager) -> None:
    """Tells it now and then, until cancelled."""
    limit_s = watchdog_s()
    every_s = min(_LOOK_EVERY_S, limit_s / 2) if limit_s else _LOOK_EVERY_S
    while manager.is_listening:
        manager.show_status(describe_work(engine))
        if limit_s:
            manager.feed_watchdog()
        await asyncio.sleep(every_s)
