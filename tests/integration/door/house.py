"""A real gRPC server behind a real front door, for the door's tests. It answers with what it knows of its caller."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from octrad.foundation.door.front_door import FrontDoor
from octrad.foundation.door.listener import open_listener
from octrad.foundation.door.peer import Peer

MESSAGE_BYTES = 64 * 1024


@dataclass(slots=True)
class DoorHouse:
    """What a test asks of a door and the server behind it."""

    outer: Path
    inner: Path
    door: FrontDoor
    server: grpc.aio.Server
    names: list[str] = field(default_factory=list)
    sent: int = 0
    watching: asyncio.Event = field(default_factory=asyncio.Event)
    last_word: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def channel(self, path: Path | None = None) -> grpc.aio.Channel:
        options = (("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0))
        return grpc.aio.insecure_channel(f"unix:{path or self.outer}", options=options)

    async def who(self, path: Path | None = None) -> Any:
        """What the server takes us for; None for nobody."""
        async with self.channel(path) as channel:
            ask: Any = channel.unary_unary("/door/Who")
            return json.loads(await ask(b"", timeout=10))


class _Handlers(grpc.GenericRpcHandler):
    def __init__(self, house: Callable[[], DoorHouse]) -> None:
        self._house = house

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        match details.method:
            case "/door/Who":
                return grpc.unary_unary_rpc_method_handler(self._who)
            case "/door/Echo":
                return grpc.unary_unary_rpc_method_handler(self._echo)
            case "/door/Flood":
                return grpc.unary_stream_rpc_method_handler(self._flood)
            case _:
                return grpc.unary_stream_rpc_method_handler(self._watch)

    async def _who(self, _: bytes, context: Any) -> bytes:
        house = self._house()
        house.names.append(context.peer())
        peer = house.door.peer_of(context.peer())
        return json.dumps(None if peer is None else _facts(peer)).encode()

    async def _echo(self, request: bytes, _: Any) -> bytes:
        return request

    async def _flood(self, _request: bytes, context: Any) -> None:
        try:
            while True:
                await context.write(b"x" * MESSAGE_BYTES)
                self._house().sent += 1
        finally:
            self._house().ended.set()

    async def _watch(self, _request: bytes, _context: Any) -> AsyncIterator[bytes]:
        house = self._house()
        yield b"hello"
        house.watching.set()
        try:
            await house.last_word.wait()
            yield b"goodbye"
        finally:
            house.ended.set()


def _facts(peer: Peer) -> dict[str, Any]:
    return {"uid": peer.uid, "gid": peer.gid, "pid": peer.pid, "groups": sorted(peer.groups)}


@contextlib.asynccontextmanager
async def door_house(
    directory: Path, *, admit: Callable[[Peer], bool] = lambda _: True, stop_grace_s: float = 0
) -> AsyncIterator[DoorHouse]:
    """Serves below `directory` until the end of the block, and asks that nothing of the door is left."""
    inner = directory / "private" / "inner.sock"
    inner.parent.mkdir(mode=0o700)
    made: list[DoorHouse] = []
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((_Handlers(lambda: made[0]),))
    server.add_insecure_port(f"unix:{inner}")
    await server.start()
    outer = directory / "octra.sock"
    door = FrontDoor(open_listener(outer, mode=0o666), lambda: contextlib.nullcontext(inner), admit=admit)
    made.append(DoorHouse(outer, inner, door, server))
    async with asyncio.TaskGroup() as group:
        running: Awaitable[None] = group.create_task(door.run())
        try:
            yield made[0]
        finally:
            door.refuse()
            await server.stop(stop_grace_s)
            door.close()
            await asyncio.wait_for(running, 10)
