"""What a provider may do to us with a reply: nothing but answer, and that within bounds.

LiteLLM's clients read a body of any length into memory, unpack what is compressed, and follow a redirect, with the
question in it, to wherever it leads. They all send through one transport, which is replaced by one that does not.
"""

from collections.abc import AsyncIterator
from typing import Any

import httpx

# More than the longest answer that is taken, in the widest spelling of JSON.
REPLY_BYTES = 64 * 1024 * 1024
PLAIN = "identity"


class CompressedReplyError(httpx.ReadError):
    """A reply that is not read, because nobody can say how large it becomes."""


class ReplyTooLongError(httpx.ReadError):
    """A reply that is not read to its end."""


def guard_replies(transport_class: Any) -> None:  # LiteLLM's transport, whose type is not imported before its time
    """Has every request through the transport ask for a plain body, and every reply be bounded and stay."""
    send = transport_class.handle_async_request

    async def guarded(self: Any, request: httpx.Request) -> httpx.Response:
        request.headers["Accept-Encoding"] = PLAIN
        response: httpx.Response = await send(self, request)
        return await _guard(response)

    transport_class.handle_async_request = guarded


async def _guard(response: httpx.Response) -> httpx.Response:
    # The client follows where this header leads; without it, it takes the status for the failure that it is.
    response.headers.pop("Location", None)
    encoding = response.headers.get("Content-Encoding", PLAIN)
    if encoding != PLAIN:
        await response.aclose()
        raise CompressedReplyError(f"the reply is compressed ({encoding[:40]}), which was not asked for")
    response.stream = _Bounded(response.stream)
    return response


class _Bounded(httpx.AsyncByteStream):
    """Ends what does not end."""

    def __init__(self, stream: Any) -> None:  # an AsyncByteStream, as httpx does not say
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = REPLY_BYTES
        async for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                raise ReplyTooLongError(f"the reply has more than {REPLY_BYTES // 1024**2} MiB")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
