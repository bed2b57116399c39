"""Procrastinate's connection to our pool, taught to sit out an outage of the database.

Left alone, the worker stops when its heartbeat or its listener fails once, and marks the jobs in hand as failed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, LiteralString, TypeVar

import psycopg
from procrastinate import PsycopgConnector, connector, exceptions

from octrad.foundation.postgres.errors import is_outage

logger = logging.getLogger(__name__)
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0

T = TypeVar("T")


class PatientConnector(PsycopgConnector):
    """Repeats every statement until the database answers. The job's lock makes a repeated one harmless."""

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        """Runs a statement. One that ends a job which is ended already changes nothing."""
        call = super().execute_query_async
        try:
            await _patiently(lambda: call(query, **arguments))
        except exceptions.ConnectorException as error:
            # Its answer was lost in an outage, or the job was taken from us while we were frozen.
            if not isinstance(error.__cause__, psycopg.errors.RaiseException):
                raise
            logger.info("a job had ended already: %s", error.__cause__)

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        """Runs a statement that gives one row."""
        call = super().execute_query_one_async
        return await _patiently(lambda: call(query, **arguments))

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        """Runs a statement that gives rows."""
        call = super().execute_query_all_async
        return await _patiently(lambda: call(query, **arguments))

    async def listen_notify(self, on_notification: connector.Notify, channels: Iterable[str]) -> None:
        """Listens until cancelled."""
        call, names = super().listen_notify, tuple(channels)
        await _patiently(lambda: call(on_notification, names))


async def _patiently(call: Callable[[], Awaitable[T]]) -> T:
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            return await call()
        except exceptions.ConnectorException as error:
            if error.__cause__ is None or not is_outage(error.__cause__):
                raise
            logger.warning("the queue cannot reach the database; trying again in %.1f s", pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
