"""Tells the owner of a running task that a person wants it ended."""

import asyncio
from typing import Final

from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Database, with_retry
from octrad.tasks.find_task import get_task
from octrad.tasks.wakeups import Channel, Wakeups

# The owner looks by itself so often, in case that a notification was lost.
_LOOK_AGAIN_S: Final = 10.0
_PATIENCE_S: Final = 86_400.0


class CancelSignal:
    """Set once, when somebody asks for the task's end."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self.reason = ""

    @property
    def requested(self) -> bool:
        """Whether somebody has asked."""
        return self._asked.is_set()

    async def wait(self) -> None:
        """Returns when somebody has asked."""
        await self._asked.wait()

    def set(self, reason: str) -> None:
        """Somebody asks."""
        self.reason = reason
        self._asked.set()


async def watch_for_cancel(database: Database, wakeups: Wakeups, task_id: TaskId, signal: CancelSignal) -> None:
    """Sets the signal when the task's end is asked for, and returns; runs beside the task's work."""
    with wakeups.waiting(Channel.CANCEL, task_id) as woken:
        while True:
            woken.clear()
            task = await with_retry(lambda: get_task(database, task_id), patience_s=_PATIENCE_S)
            if task.cancel_requested:
                signal.set(task.cancel_reason)
                return
            try:
                async with asyncio.timeout(_LOOK_AGAIN_S):
                    await woken.wait()
            except TimeoutError:
                continue
