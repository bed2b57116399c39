"""One LISTEN connection for the whole process, which wakes those who wait for something to happen to a task.

A notification says *look again*, never *what*: whoever is woken reads the database. So a lost notification costs time
and nothing else, and the waiters look by themselves now and then.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final

import psycopg
from psycopg import sql

from octrad.foundation.postgres.quiet_connection import QuietConnection

logger = logging.getLogger(__name__)

_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0
# How long a connection may say nothing before it is asked whether it is still there.
_SILENCE_S: Final = 30.0
_CONNECT_TIMEOUT_S: Final = 10


class Channel(StrEnum):
    """What may have happened. The payload is the task's id."""

    EVENTS = "octra_events"
    CANCEL = "octra_cancel"


class Wakeups:
    """Fans notifications out to the waiters of this process.

    Args:
        dsn: where the database is.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._waiting: dict[tuple[str, str], set[asyncio.Event]] = defaultdict(set)
        self._listening = asyncio.Event()

    @contextmanager
    def waiting(self, channel: Channel, task_id: str) -> Iterator[asyncio.Event]:
        """An event that is set at every notification. Clear it before you look, so that none falls in between."""
        event = asyncio.Event()
        key = (str(channel), task_id)
        self._waiting[key].add(event)
        try:
            yield event
        finally:
            self._waiting[key].discard(event)
            if not self._waiting[key]:
                del self._waiting[key]

    async def listening(self, timeout_s: float) -> None:
        """Waits until the connection listens; TimeoutError when it does not in time."""
        async with asyncio.timeout(timeout_s):
            await self._listening.wait()

    async def run(self) -> None:
        """Listens until cancelled; connects again after every outage, and then wakes everybody."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError, TimeoutError) as error:
                if self._listening.is_set():
                    pause_s = _FIRST_PAUSE_S
                    logger.warning("lost the connection that listens for notifications: %s", error)
                self._listening.clear()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _listen(self) -> None:
        connecting = QuietConnection.connect(self._dsn, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S)
        async with await connecting as connection:
            for channel in Channel:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            self._listening.set()
            # Whatever was told while nobody listened was not heard.
            self._wake_all()
            while True:
                async for notification in connection.notifies(timeout=_SILENCE_S):
                    self._wake(notification.channel, notification.payload)
                async with asyncio.timeout(_SILENCE_S):
                    await connection.execute("SELECT 1")

    def _wake(self, channel: str, task_id: str) -> None:
        for event in self._waiting.get((channel, task_id), ()):
            event.set()

    def _wake_all(self) -> None:
        for events in self._waiting.values():
            for event in events:
                event.set()
