"""Follows a question while models are asked: people see a long answer grow, other machines hear of its provider."""

import time

from octrad.foundation.postgres.pool import Database
from octrad.gateway.calls import Attempt, Writing
from octrad.pipeline.questions.provider_marks import share_mark
from octrad.tasks.events import ModelWriting
from octrad.tasks.journal_step import Step

# An event stays for ever: one now and then shows that the model still writes.
_EVERY_S = 5.0


class AnswerFollower:
    """Listens to the gateway for one step."""

    def __init__(self, database: Database, step: Step) -> None:
        self._database = database
        self._step = step
        self._told_at: float | None = None

    async def hear(self, progress: Attempt | Writing) -> None:
        """Takes in one piece of progress."""
        match progress:
            case Attempt(mark=mark):
                if mark is not None:
                    await share_mark(self._database, mark)
            case Writing(model, characters):
                if self._told_at is None or time.monotonic() - self._told_at >= _EVERY_S:
                    self._told_at = time.monotonic()
                    await self._step.emit(ModelWriting(model, characters))
