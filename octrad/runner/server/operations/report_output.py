"""Takes a command's output as it comes: into the store, to those who watch, and its two ends into the result."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from octra_proto.runner.v1 import runner_pb2 as pb
from octrad.foundation.once.messages import Report
from octrad.runner.server.output.clean_text import TextCleaner
from octrad.runner.server.output.keep_ends import OutputEnds
from octrad.runner.server.output.output_store import OutputWriter
from octrad.runner.server.output.pace_output import GATHER_S, OutputPacer, Piece

_FLUSH_EVERY_S = 1.0


class OutputReporter:
    """The one listener of a running command's output."""

    def __init__(self, writer: OutputWriter, report: Report) -> None:
        self.ends = OutputEnds()
        self.size_bytes = 0
        self._writer = writer
        self._report = report
        self._cleaner = TextCleaner()
        self._pacer = OutputPacer(time.monotonic())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        rest = self._cleaner.finish()
        self.ends.feed(rest)
        self._send([*self._pacer.feed(rest, time.monotonic()), *self._pacer.finish()])
        self._writer.close()

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes."""
        self.size_bytes += len(chunk)
        self._writer.write(chunk)
        text = self._cleaner.feed(chunk)
        self.ends.feed(text)
        self._send(self._pacer.feed(text, time.monotonic()))

    def remark(self, text: str) -> None:
        """Tells those who watch what the runner itself is doing."""
        self._report(pb.Progress(text=text, remark=True).SerializeToString())

    @contextlib.asynccontextmanager
    async def pacing(self) -> AsyncIterator[None]:
        """Sends what was gathered, and makes the stored output readable, every now and then meanwhile."""
        task = asyncio.create_task(self._pace())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _pace(self) -> None:
        flushed_at = time.monotonic()
        while True:
            await asyncio.sleep(GATHER_S)
            now = time.monotonic()
            self._send(self._pacer.take(now))
            if now - flushed_at >= _FLUSH_EVERY_S:
                flushed_at = now
                self._writer.flush()

    def _send(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            self._report(pb.Progress(text=piece.text, skipped_bytes=piece.skipped_bytes).SerializeToString())
