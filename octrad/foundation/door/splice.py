"""Carries bytes between two connected sockets until the inner one has said all that it has to say.

Each direction holds one chunk at most and reads no further before that is written: whoever reads slowly slows down
the other end, and costs no memory. What can be read is written at once, from within the event loop's own look at the
socket: every message of every call passes here twice, so nothing is made anew for each.
"""

import asyncio
import contextlib
import socket

CHUNK_BYTES = 64 * 1024


async def splice(client: socket.socket, inner: socket.socket) -> None:
    """Returns when `inner` has ended and all it said is delivered, or `client` takes no more. Closes neither.

    That `inner` takes no more is no reason to end: its last words may still be on their way to the client.
    """
    downward, upward = _Carrier(inner, client), _Carrier(client, inner)
    upward.ended.add_done_callback(lambda _: _say_no_more(inner))
    try:
        # Not the future itself, which would be done when we are cancelled.
        await asyncio.wait((downward.ended,))
    finally:
        downward.end()
        upward.end()


def _say_no_more(inner: socket.socket) -> None:
    with contextlib.suppress(OSError):
        inner.shutdown(socket.SHUT_WR)


class _Carrier:
    """One direction. `ended` is done at the end of `source`, or when one of the two is broken: both are an end."""

    def __init__(self, source: socket.socket, target: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._source = source
        self._target = target
        self._unsent = memoryview(b"")
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(source, self._read)

    def end(self) -> None:
        """Touches the sockets no more."""
        if not self.ended.done():
            self._loop.remove_reader(self._source)
            self._loop.remove_writer(self._target)
            self.ended.set_result(None)

    def _read(self) -> None:
        try:
            chunk = self._source.recv(CHUNK_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            chunk = b""
        if not chunk:
            self.end()
            return
        self._unsent = memoryview(chunk)
        self._write()
        if self._unsent and not self.ended.done():
            self._loop.remove_reader(self._source)
            self._loop.add_writer(self._target, self._write_rest)

    def _write_rest(self) -> None:
        self._write()
        if not self._unsent and not self.ended.done():
            self._loop.remove_writer(self._target)
            self._loop.add_reader(self._source, self._read)

    def _write(self) -> None:
        try:
            self._unsent = self._unsent[self._target.send(self._unsent) :]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self.end()
