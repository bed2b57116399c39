"""Looks regularly whether octrad is well: the event loop turns and the database answers. Only then the watchdog is fed.

An outage is said once in the log when it begins and once when it ends, and in the status while it lasts. The watchdog
is not fed during an outage, because a process whose own connections are broken for good looks the same from within; so
the unit's WatchdogSec= is how long an outage is sat out before systemd starts octrad again, which loses nothing.
"""

import asyncio
import logging
from dataclasses import replace

from octrad.foundation.errors import UnavailableError
from octrad.foundation.message_ids import MessageId
from octrad.foundation.postgres.pool import Database
from octrad.foundation.systemd.service_manager import ServiceManager
from octrad.foundation.systemd.status_line import State, describe_state
from octrad.tasks.list_tasks import count_under_way

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 10.0
_LOOK_AGAIN_S = 1.0
_ANSWER_S = 5.0


class VitalSigns:
    """The self-check of a running octrad.

    Args:
        database: which must answer.
        manager: whom to tell.
        watchdog_s: after how many seconds of silence octrad is killed; None where no watchdog watches it.
    """

    def __init__(self, database: Database, manager: ServiceManager, watchdog_s: float | None) -> None:
        self._database = database
        self._manager = manager
        self._look_every_s = min(_LOOK_EVERY_S, watchdog_s / 2 if watchdog_s else _LOOK_EVERY_S)
        self._is_watched = watchdog_s is not None
        self._state = State()
        self._question: asyncio.Task[bool] | None = None

    @property
    def status(self) -> str:
        """What octrad does, in a line."""
        return describe_state(self._state)

    def note_refusal(self, fault: str) -> str:
        """Shows what is wrong with a configuration that was refused, or nothing; returns the status."""
        self._state = replace(self._state, refused=fault)
        return self.status

    def note_stop(self, running: int) -> str:
        """From now on it is about letting go of tasks, of which so many run; returns the status."""
        self._state = replace(self._state, is_stopping=True, running=running)
        return self.status

    async def run(self) -> None:
        """Looks until cancelled."""
        try:
            while True:
                answers = await self._answers()
                if answers and self._is_watched:
                    self._manager.feed_watchdog()
                self._note_answer(answers=answers)
                self._manager.show_status(self.status)
                await asyncio.sleep(self._look_every_s if answers else min(_LOOK_AGAIN_S, self._look_every_s))
        finally:
            if self._question is not None:
                self._question.cancel()

    async def _answers(self) -> bool:
        """Whether the database answers within the deadline. A question that was not answered yet is not put twice.

        Nor is it cancelled: with a server that hangs the driver waits for as long as that does.
        """
        question = self._question or asyncio.create_task(self._ask(), name="ask the database")
        await asyncio.wait({question}, timeout=_ANSWER_S)
        self._question = None if question.done() else question
        return question.done() and question.result()

    async def _ask(self) -> bool:
        try:
            async with self._database.connection() as connection:
                await connection.execute("SELECT 1")
            if self._manager.is_listening:
                running, waiting = await count_under_way(self._database)
                self._state = replace(self._state, running=running, waiting=waiting)
        except UnavailableError:
            return False
        return True

    def _note_answer(self, *, answers: bool) -> None:
        if answers and not self._state.has_database:
            logger.info("PostgreSQL answers again", extra={"message_id": MessageId.DATABASE_BACK})
        elif not answers and self._state.has_database:
            logger.error("PostgreSQL does not answer", extra={"message_id": MessageId.DATABASE_LOST})
        self._state = replace(self._state, has_database=answers)
