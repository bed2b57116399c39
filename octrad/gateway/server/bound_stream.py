"""Puts a bound to what a stream may hold before its first end of an event, in time that grows with it only linearly.

The openai client has neither: 100 MB without an empty line keep its process busy for minutes, and all others waiting.
"""

from collections.abc import AsyncIterator

from octrad.gateway.server.validate_answer import ANSWER_CHARACTERS

# A whole answer may come as one event, with what is around it.
EVENT_BYTES = 2 * ANSWER_CHARACTERS
_ENDS = (b"\r\r", b"\n\n", b"\r\n\r\n")


class EndlessStreamError(Exception):
    """More came than anybody takes, whatever the limit of tokens said."""

    def __init__(self) -> None:
        super().__init__(f"the answer does not end; at most {ANSWER_CHARACTERS:,} characters are taken")


async def split_events(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yields the server-sent events of a stream, each with its empty line.

    Raises:
        EndlessStreamError: an event is longer than `EVENT_BYTES`.
    """
    event = bytearray()
    async for piece in pieces:
        for line in piece.splitlines(keepends=True):
            event += line
            if event.endswith(_ENDS):
                yield bytes(event)
                event.clear()
            elif len(event) > EVENT_BYTES:
                raise EndlessStreamError
    if event:
        yield bytes(event)
