"""Counts what something is busy with, so that it goes only when nobody wants it: a servant, or a server."""

import asyncio
from types import TracebackType


class Activity:
    """What is under way: `with activity:` around each call and each piece of work.

    Args:
        patience_s: how long nothing must be under way until it is unwanted.
    """

    def __init__(self, patience_s: float = 300.0) -> None:
        self._patience_s = patience_s
        self._under_way = 0
        self._changed = asyncio.Event()

    def __enter__(self) -> None:
        self._under_way += 1
        self._changed.set()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._under_way -= 1
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
        while True:
            self._changed.clear()
            try:
                async with asyncio.timeout(self._patience_s if self.is_idle else None):
                    await self._changed.wait()
            except TimeoutError:
                if self.is_idle:
                    return
