"""Carries bytes between two connected sockets until the inner one has said all that it has to say.

Each direction holds one chunk at most and reads no further before that is written: whoever reads slowly slows down
the other end, and costs no memory.
"""

import asyncio
import contextlib
import socket

CHUNK_BYTES = 64 * 1024


async def splice(client: socket.socket, inner: socket.socket) -> None:
    """Returns when `inner` has ended and all it said is delivered, or `client` takes no more. Closes neither.

    That `inner` takes no more is no reason to end: its last words may still be on their way to the client.
    """
    async with asyncio.TaskGroup() as group:
        upward = group.create_task(_send_up(client, inner))
        await _carry(inner, client)
        upward.cancel()


async def _send_up(client: socket.socket, inner: socket.socket) -> None:
    await _carry(client, inner)
    with contextlib.suppress(OSError):
        inner.shutdown(socket.SHUT_WR)


async def _carry(source: socket.socket, target: socket.socket) -> None:
    """Returns at the end of `source`, or when one of the two is broken: both are an end like any other."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError):
        while chunk := await loop.sock_recv(source, CHUNK_BYTES):
            await loop.sock_sendall(target, chunk)
