"""Tells servants that a step is recorded, so that they may forget it, while the task's work goes on.

Nothing rests on it: what nobody was told, a servant keeps until the task ends or it grows old. So a step need not
wait for it, and whoever lets go of the task waits only shortly.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from octrad.foundation.errors import OctraError
from octrad.tasks.journal_step import Callback, Step

logger = logging.getLogger(__name__)

CLOSE_TIMEOUT_S: Final = 1.0


class RecordedTeller:
    """Makes the callbacks of recorded steps, those of one step in their order."""

    def __init__(self) -> None:
        self._telling: set[asyncio.Task[None]] = set()

    def tell(self, step: Step) -> None:
        """Begins to call back; returns at once."""
        if not step.callbacks:
            return
        task = asyncio.create_task(_call_back(step.request_id, step.callbacks), name=f"recorded {step.request_id}")
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def close(self) -> None:
        """Waits a moment for those who are being told, and gives up on the rest."""
        telling = set(self._telling)
        if telling:
            await asyncio.wait(telling, timeout=CLOSE_TIMEOUT_S)
        for task in telling:
            task.cancel()
        await asyncio.gather(*telling, return_exceptions=True)


async def _call_back(request_id: str, callbacks: Sequence[Callback]) -> None:
    for callback in callbacks:
        try:
            await callback()
        except OctraError as error:
            # The step is recorded, and nothing is to be undone.
            logger.warning("could not tell a servant that step %s is recorded: %s", request_id, error)
