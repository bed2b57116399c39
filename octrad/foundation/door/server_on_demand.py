"""The gRPC server behind a front door, which is there only while somebody calls.

From the first server or channel of a process to the last, gRPC's core keeps timers and pools of threads that wake six
to nine times a second, whether anybody calls or not, and nothing turns them off. The door keeps the socket that callers
know, so none of them sees the server come, within milliseconds, and go.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import grpc.aio

from octrad.foundation.activity import Activity
from octrad.foundation.errors import UnavailableError
from octrad.foundation.share_heap import give_back_heap
from octrad.foundation.unix_socket import private_socket_directory

# Whoever calls again within this time finds the same server.
LINGER_S = 5.0
# Each server has a socket of its own: gRPC may unlink the last one's when the next one listens already.
_SOCKET_NAME = "{:03}.sock"
_SOCKET_NAMES = 1000


class ServerOnDemand:
    """Makes a server when it is wanted, and ends it when nobody has wanted it for a while.

    Args:
        make: makes a server that is not started; it is asked for another one each time.
        directory: where the servers' sockets lie, and nothing else; it is made, and open to our user only.
        linger_s: how long a server stays when nobody wants it any more.

    Raises:
        ConfigurationError: the directory belongs to somebody else.
    """

    def __init__(self, make: Callable[[], grpc.aio.Server], directory: Path, *, linger_s: float = LINGER_S) -> None:
        self._make = make
        self._directory = private_socket_directory(directory, len(_SOCKET_NAME.format(0)))
        self._directory.chmod(0o700)
        self._callers = Activity(linger_s)
        self._made = 0
        self._socket = Path()
        self._server: grpc.aio.Server | None = None
        self._is_there = asyncio.Event()
        self._changing = asyncio.Lock()
        self._has_ended = False

    @asynccontextmanager
    async def reach(self) -> AsyncIterator[Path]:
        """The socket of a server that listens for as long as the block lasts.

        Raises:
            UnavailableError: it cannot listen, or has ended for good.
        """
        with self._callers:
            async with self._changing:
                if self._server is None:
                    self._server = await self._start()
                    self._is_there.set()
            yield self._socket

    async def run(self) -> None:
        """Ends servers that nobody wants any more, until cancelled."""
        while True:
            await self._is_there.wait()
            await self._callers.unwanted()
            async with self._changing:
                if self._callers.is_idle:  # it may have changed while we waited
                    await self._stop(0)
                    # A call that ended badly may be part of a cycle, and would hold the server and with it the core.
                    give_back_heap()

    async def end(self, grace_s: float) -> None:
        """Ends for good, leaving the calls that are being answered `grace_s` seconds."""
        self._has_ended = True
        async with self._changing:
            await self._stop(grace_s)

    async def _start(self) -> grpc.aio.Server:
        if self._has_ended:
            raise UnavailableError("the server has ended")
        self._socket = self._directory / _SOCKET_NAME.format(self._made % _SOCKET_NAMES)
        self._made += 1
        # A killed octrad leaves its own.
        self._socket.unlink(missing_ok=True)
        server = self._make()
        try:
            server.add_insecure_port(f"unix:{self._socket}")
        except RuntimeError as error:
            raise UnavailableError(f"gRPC does not listen on {self._socket}: {error}") from error
        await server.start()
        return server

    async def _stop(self, grace_s: float) -> None:
        if self._server is not None:
            await self._server.stop(grace_s)
        # Its core ends with the last of its objects.
        self._server = None
        self._is_there.clear()
