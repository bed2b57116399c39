"""The front door of a gRPC server: it accepts the connections itself, so that the kernel says who calls.

gRPC's Python server tells a handler nothing about its caller but the name of the socket at the other end. So the door
accepts, asks the kernel who it is, and connects on to the server's inner socket from a socket that it has bound to a
name with a nonce in it. The handler asks `peer_of(context.peer())`. The inner socket lies in a directory that is open
to our user alone; besides, a name is taken for a peer only while the door itself holds the connection of that name.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from octrad.foundation.door.peer import Peer, read_peer
from octrad.foundation.door.splice import CHUNK_BYTES, splice
from octrad.foundation.errors import UnavailableError

logger = logging.getLogger(__name__)

# Of one uid at once: each takes three descriptors of ours, of 8192 (`raise_descriptor_limit`).
CONNECTIONS_OF_ONE = 256
_NAME_PREFIX = "unix-abstract:"
# When there are no descriptors left, and when the server's backlog is full.
_PAUSE_S = 0.05
_CONNECT_S = 10.0
# A client of gRPC speaks at once; one that says nothing costs the server nothing.
_FIRST_WORDS_S = 20.0

Reach = Callable[[], AbstractAsyncContextManager[Path]]


class FrontDoor:
    """Lets callers in to a gRPC server.

    Args:
        listener: accepts the callers; it is the door's from now on.
        reach: gives the socket that the server listens on, in a directory that is open to our user only; held for as
            long as a connection needs the server.
        admit: whether to let a caller in at all; one who is not is cut off without an answer.
    """

    def __init__(self, listener: socket.socket, reach: Reach, *, admit: Callable[[Peer], bool]) -> None:
        self._listener = listener
        self._reach = reach
        self._admit = admit
        self._peers: dict[str, Peer] = {}
        self._open_of: Counter[int] = Counter()
        self._passed = 0
        self._connections: set[asyncio.Task[None]] = set()
        self._refusing = asyncio.Event()

    def peer_of(self, name: str) -> Peer | None:
        """Whose call it is, by `context.peer()` of its handler; None when it did not come through this door."""
        if not name.startswith(_NAME_PREFIX):
            return None
        return self._peers.get(name.removeprefix(_NAME_PREFIX))

    async def run(self) -> None:
        """Accepts until `refuse` or `close`, and returns when every connection has ended."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.TaskGroup() as group:
                self._listen(loop, group)
                await self._refusing.wait()
        finally:
            self._stop_listening(loop)

    def refuse(self) -> None:
        """Takes no new connection. What waits in the backlog of systemd's socket goes to our successor."""
        if not self._refusing.is_set():
            self._refusing.set()
            self._stop_listening(asyncio.get_running_loop())

    def close(self) -> None:
        """Ends everything, connections too; `run` then returns."""
        self.refuse()
        for connection in self._connections:
            connection.cancel()

    def _listen(self, loop: asyncio.AbstractEventLoop, group: asyncio.TaskGroup) -> None:
        if not self._refusing.is_set():
            # Not `sock_accept`: cancelling that can lose a connection that it has just accepted.
            loop.add_reader(self._listener, self._accept, loop, group)

    def _stop_listening(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._listener.fileno() >= 0:
            loop.remove_reader(self._listener)
            self._listener.close()

    def _accept(self, loop: asyncio.AbstractEventLoop, group: asyncio.TaskGroup) -> None:
        try:
            client, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError, InterruptedError):
            return
        except OSError as error:
            logger.warning("cannot accept a connection: %s", error.strerror)
            loop.remove_reader(self._listener)
            loop.call_later(_PAUSE_S, self._listen, loop, group)
            return
        client.settimeout(0)
        task = group.create_task(self._serve(client), name="connection")
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        # Also when it is cancelled before its first step.
        task.add_done_callback(lambda _: client.close())

    async def _serve(self, client: socket.socket) -> None:
        try:
            peer = read_peer(client)
        except OSError:  # it is gone already
            return
        if not self._admit(peer):
            logger.warning("refused a connection of uid %d, process %d", peer.uid, peer.pid)
        elif self._open_of[peer.uid] >= CONNECTIONS_OF_ONE:
            logger.warning("refused a connection of uid %d, which has %d", peer.uid, CONNECTIONS_OF_ONE)
        else:
            self._open_of[peer.uid] += 1
            try:
                await self._connect(client, peer)
            finally:
                self._open_of[peer.uid] -= 1

    async def _connect(self, client: socket.socket, peer: Peer) -> None:
        first = await _first_words(client)
        if not first:
            return
        try:
            async with self._reach() as path:
                await self._pass_on(client, peer, first, path)
        except (OSError, TimeoutError, UnavailableError) as error:
            logger.warning("the server behind the door does not answer: %s", error)

    async def _pass_on(self, client: socket.socket, peer: Peer, first: bytes, path: Path) -> None:
        name = self._new_name(peer)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as inner:
            inner.settimeout(0)
            self._peers[name] = peer
            try:
                inner.bind(f"\0{name}")
                await _connect(inner, path)
                await asyncio.get_running_loop().sock_sendall(inner, first)
                await splice(client, inner)
            finally:
                # Before the socket is closed: a name that anybody could bind again is no name of ours.
                del self._peers[name]

    def _new_name(self, peer: Peer) -> str:
        self._passed += 1
        return f"octra/{peer.uid}/{peer.gid}/{peer.pid}/{self._passed}/{secrets.token_hex(16)}"


async def _first_words(client: socket.socket) -> bytes:
    """What the client begins with; nothing when it has gone, or says nothing for too long."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_FIRST_WORDS_S):
            return await asyncio.get_running_loop().sock_recv(client, CHUNK_BYTES)
    return b""


async def _connect(inner: socket.socket, path: Path) -> None:
    """Connects a non-blocking Unix socket, which never says "in progress" but only that the backlog is full."""
    async with asyncio.timeout(_CONNECT_S):
        while True:
            try:
                inner.connect(os.fspath(path))
            except BlockingIOError:
                await asyncio.sleep(_PAUSE_S)
            else:
                return
