"""Ends a process that need not be our child, or waits until it is gone, by its pidfd: no polling, no reused pids."""

import asyncio
import os
import signal
from collections.abc import Callable


async def end_process(pid: int, number: signal.Signals, is_still_it: Callable[[], bool], *, timeout_s: float) -> bool:
    """Sends a signal and waits for the end.

    Args:
        pid: the process.
        number: the signal.
        is_still_it: asked once the process is held, so that a reused id is not signalled.
        timeout_s: seconds to wait.

    Returns:
        Whether it is gone.
    """
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        if not is_still_it():
            return True
        signal.pidfd_send_signal(fd, number)
        async with asyncio.timeout(timeout_s):
            await readable(fd)
    except ProcessLookupError:
        return True
    except TimeoutError:
        return False
    finally:
        os.close(fd)
    return True


async def process_ended(pid: int, is_still_it: Callable[[], bool]) -> None:
    """Returns when a process is gone.

    Args:
        pid: the process.
        is_still_it: asked once the process is held, so that a reused id is not waited for.
    """
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if is_still_it():
            await readable(fd)
    finally:
        os.close(fd)


async def readable(fd: int) -> None:
    """Returns when a descriptor has something to read or its other end is closed."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(fd, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(fd)
