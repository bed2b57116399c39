"""Counts what something is busy with, so that it goes only when nobody wants it: a servant, or a server."""

import asyncio
import contextlib
import time
from types import TracebackType


class Activity:
    """What is under way: `with activity:` around each call and each piece of work.

    Args:
        patience_s: how long nothing must be under way until it is unwanted.
    """

    def __init__(self, patience_s: float = 300.0) -> None:
        self._patience_s = patience_s
        self._under_way = 0
        self._idle_since = time.monotonic()
        self._changed = asyncio.Event()

    def __enter__(self) -> None:
        self._under_way += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._under_way -= 1
        self._idle_since = time.monotonic()
        # With patience there is nothing to look at before that is over: then a call wakes nobody.
        if not self._patience_s:
            self._changed.set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way at this moment."""
        return self._under_way == 0

    def lose_patience(self) -> None:
        """From now on the first idle moment counts."""
        self._patience_s = 0.0
        self._changed.set()

    async def unwanted(self) -> None:
        """Returns when nothing has been under way for as long as patience lasts."""
        while (left_s := self._left_s()) is None or left_s > 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._changed.wait()

    def _left_s(self) -> float | None:
        """Seconds until it may be unwanted, which nothing can make fewer but lost patience; None until it is idle."""
        if not self.is_idle:
            return self._patience_s or None
        return self._idle_since + self._patience_s - time.monotonic()
