"""One id that is worked on: its progress, its outcome, and what each waiter is told of them.

Waiters read at their own pace from what is held here. The work only appends, so that slow and dead waiters cost it
nothing, and they are told how much they missed.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from octrad.foundation.errors import OctraError
from octrad.foundation.once.messages import Accepted, Message, Outcome, Progress, Report, Work

# Progress that an execution holds for those who come late or read slowly.
HELD_PROGRESS_MESSAGES = 4096
HELD_PROGRESS_BYTES = 1024 * 1024


class Execution:
    """One id that is worked on, or was a short while ago."""

    def __init__(self, request_id: str, digest: bytes) -> None:
        self.id = request_id
        self.digest = digest
        self.is_accepted = False
        self.is_cancelled = False
        self.is_abandoned = False
        self.outcome: Outcome | None = None
        self.error: OctraError | None = None  # it could not be accepted, or was abandoned
        self.runner: asyncio.Task[None] | None = None
        self.work: asyncio.Task[bytes] | None = None
        self._progress: deque[bytes] = deque()
        self._progress_bytes = 0
        self._last_number = 0
        self._changed = asyncio.Event()

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.outcome is not None or self.error is not None

    def begin(self, work: Work) -> None:
        """Begins the work, unless it was cancelled or abandoned before."""
        if not (self.is_cancelled or self.is_abandoned):
            self.work = asyncio.ensure_future(_call(work, self.report))

    async def drop_work(self) -> None:
        """Ends the work, where it was begun, and returns when nothing of it is left."""
        if self.work is not None:
            self.work.cancel()
            await asyncio.gather(self.work, return_exceptions=True)

    def report(self, payload: bytes) -> None:
        """Numbers and holds a piece of progress; lets go of the oldest beyond the bounds."""
        self._last_number += 1
        self._progress.append(payload)
        self._progress_bytes += len(payload)
        while len(self._progress) > HELD_PROGRESS_MESSAGES or (
            self._progress_bytes > HELD_PROGRESS_BYTES and len(self._progress) > 1
        ):
            self._progress_bytes -= len(self._progress.popleft())
        self.notify()

    def next_progress(self, seen: int) -> Progress | None:
        """The oldest held progress after number `seen`."""
        first = self._last_number - len(self._progress) + 1
        number = max(seen + 1, first)
        if number > self._last_number:
            return None
        return Progress(number, self._progress[number - first], missed=number - seen - 1)

    def notify(self) -> None:
        """Wakes all who wait."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def messages(self, after_progress: int) -> AsyncIterator[Message]:
        """What one waiter is told."""
        # A number that was never given here is of an execution before an interruption.
        seen = after_progress if after_progress <= self._last_number else 0
        told_acceptance = False
        while True:
            changed = self._changed
            if self.is_accepted and not told_acceptance:
                told_acceptance = True
                yield Accepted()
            while self.is_accepted and (progress := self.next_progress(seen)) is not None:
                seen = progress.number
                yield progress
            if self.error is not None:
                raise self.error
            if self.outcome is not None:
                yield self.outcome
                return
            await changed.wait()


async def _call(work: Work, report: Report) -> bytes:
    return await work(report)
