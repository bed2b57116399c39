"""UploadBundle: passes a git bundle on to the runner as it comes. Nothing of it is kept here."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from octra_proto.v1 import tasks_pb2
from octrad.foundation.errors import InvalidRequestError, OctraError
from octrad.runner.client import RunnerClient
from octrad.runner.reading import ImportedBundle

CHUNK_BYTES = 1024 * 1024
READ_OFF_S = 5.0


async def upload_bundle(
    runner: RunnerClient, messages: AsyncIterator[tasks_pb2.UploadBundleRequest], limit_bytes: int
) -> ImportedBundle:
    """Streams the chunks of a bundle to the runner, which checks and keeps it.

    Raises:
        InvalidRequestError: a chunk is too large, the whole is, there is nothing, or it is not a bundle.
    """
    upload = _Upload(limit_bytes)
    try:
        bundle = await runner.import_bundle(upload.chunks(messages))
    except OctraError as error:
        await _read_off(messages)
        raise _told(upload, error) from error
    if upload.refusal is not None:
        await _read_off(messages)
        raise upload.refusal
    return bundle


def _told(upload: "_Upload", error: OctraError) -> OctraError:
    if upload.refusal is not None:
        # What the runner makes of a bundle that breaks off is of no interest.
        return upload.refusal
    if isinstance(error, InvalidRequestError):
        return InvalidRequestError(error.message, field="chunk", hint=error.hint)
    return error


async def _read_off(messages: AsyncIterator[tasks_pb2.UploadBundleRequest]) -> None:
    """Takes what is still on its way: a client that is told in the midst of sending may see only a broken stream."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(READ_OFF_S):
            async for _ in messages:
                pass


class _Upload:
    """Counts what passes. On a refusal it ends the stream: an error raised in the midst of one would be lost in it."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self.refusal: InvalidRequestError | None = None

    async def chunks(self, messages: AsyncIterator[tasks_pb2.UploadBundleRequest]) -> AsyncIterator[bytes]:
        async for message in messages:
            self._size_bytes += len(message.chunk)
            self.refusal = self._refusal_of(message.chunk)
            if self.refusal is not None:
                return
            yield message.chunk
        if self._size_bytes == 0:
            self.refusal = _refusal("the bundle is empty", "a repository without a commit has no bundle; commit first")

    def _refusal_of(self, chunk: bytes) -> InvalidRequestError | None:
        if len(chunk) > CHUNK_BYTES:
            return _refusal(f"a chunk has {len(chunk):,} bytes; at most {CHUNK_BYTES:,}", "send it in smaller parts")
        if self._size_bytes > self._limit_bytes:
            return _refusal(
                f"the bundle is larger than {self._limit_bytes:,} bytes",
                "the limit is `limits.bundle_bytes`; a repository without its large files may fit",
            )
        return None


def _refusal(message: str, hint: str) -> InvalidRequestError:
    return InvalidRequestError(message, field="chunk", hint=hint)
