"""A bound over many attempts at one thing."""

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

from octrad.foundation.errors import OctraError, UnavailableError

R = TypeVar("R")

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 2.0


class Deadline:
    """A bound over many attempts, with pauses that grow between them."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._end = time.monotonic() + timeout_s
        self._delay_s = _FIRST_PAUSE_S

    @property
    def remaining_s(self) -> float:
        """Seconds left."""
        return max(0.0, self._end - time.monotonic())

    def restart_pauses(self) -> None:
        """Something worked: the next pause is short again."""
        self._delay_s = _FIRST_PAUSE_S

    async def within(self, awaitable: Awaitable[R], failure: OctraError | None = None) -> R:
        """Waits for something no longer than what is left.

        Raises:
            UnavailableError: time is up; or `failure`, where one is given.
        """
        try:
            async with asyncio.timeout(self.remaining_s):
                return await awaitable
        except TimeoutError as error:
            raise failure or UnavailableError(f"no answer within {self._timeout_s:g} s") from error

    async def pause(self, reason: OctraError) -> None:
        """Waits a little, or raises `reason` when time is up."""
        if self.remaining_s <= self._delay_s:
            raise reason
        await asyncio.sleep(self._delay_s)
        self._delay_s = min(self._delay_s * 2, _LONGEST_PAUSE_S)
