from collections.abc import AsyncIterator

import pytest

from octrad.gateway.server.bound_stream import EVENT_BYTES, EndlessStreamError, split_events


async def pieces(*content: bytes) -> AsyncIterator[bytes]:
    for piece in content:
        yield piece


async def test_events_are_whole_however_they_came() -> None:
    found = [event async for event in split_events(pieces(b"data: 1\n", b"\ndata: 2\r\n\r\nda", b"ta: 3\n"))]
    assert found == [b"data: 1\n\n", b"data: 2\r\n\r\n", b"data: 3\n"]


async def test_event_without_an_end_is_not_read_to_its_end() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 2**20
            yield b"x" * 2**20

    with pytest.raises(EndlessStreamError, match="at most 8,000,000"):
        await anext(split_events(endless()))
    assert read <= EVENT_BYTES + 2**20
