"""A gRPC server that is there only while somebody calls, behind a real front door."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from octrad.foundation.door.front_door import FrontDoor
from octrad.foundation.door.listener import open_listener
from octrad.foundation.door.server_on_demand import ServerOnDemand
from octrad.foundation.end_tasks import end_tasks
from tests.daemon import wait_until


class _Echo(grpc.GenericRpcHandler):
    def service(self, _: grpc.HandlerCallDetails) -> Any:
        return grpc.unary_unary_rpc_method_handler(self._answer)

    async def _answer(self, request: bytes, _: Any) -> bytes:
        return request


def make_server() -> grpc.aio.Server:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((_Echo(),))
    return server


@dataclass(slots=True)
class Served:
    directory: Path
    server: ServerOnDemand

    @property
    def sockets(self) -> list[str]:
        return sorted(path.name for path in (self.directory / "inner").iterdir())

    def channel(self) -> grpc.aio.Channel:
        options = (("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0))
        return grpc.aio.insecure_channel(f"unix:{self.directory / 'outer.sock'}", options=options)

    async def call(self, request: bytes = b"x") -> None:
        async with self.channel() as channel:
            assert await _echo(channel, request) == request

    async def until_it_has_left(self) -> None:
        await asyncio.to_thread(wait_until, lambda: self.sockets == [], 10, "the server has left")


@asynccontextmanager
async def serving(directory: Path, linger_s: float) -> AsyncIterator[Served]:
    server = ServerOnDemand(make_server, directory / "inner", linger_s=linger_s)
    door = FrontDoor(open_listener(directory / "outer.sock", mode=0o600), server.reach, admit=lambda _: True)
    async with asyncio.TaskGroup() as group:
        letting_in, leaving = group.create_task(door.run()), group.create_task(server.run())
        yield Served(directory, server)
        door.refuse()
        await end_tasks(leaving)
        await server.end(0)
        door.close()
        await asyncio.wait_for(letting_in, 10)


async def test_server_comes_with_a_caller_and_goes_with_the_last(tmp_path: Path) -> None:
    async with serving(tmp_path, 0.05) as served:
        assert served.sockets == []
        async with served.channel() as one, served.channel() as other:
            await asyncio.gather(_echo(one), _echo(other))
            assert len(served.sockets) == 1
            await one.close()
            await asyncio.sleep(0.2)  # longer than it lingers: it does not go
            await _echo(other)
        await served.until_it_has_left()
        await served.call()


async def test_callers_that_come_while_it_goes_are_answered(tmp_path: Path) -> None:
    async with serving(tmp_path, 0) as served:
        for number in range(200):
            await served.call(str(number).encode())
        await asyncio.gather(*(served.call(str(number).encode()) for number in range(100)))
        await served.until_it_has_left()


async def test_one_that_lingers_is_found_again(tmp_path: Path) -> None:
    async with serving(tmp_path, 60) as served:
        await served.call()
        there = served.sockets
        await served.call()
        assert served.sockets == there == ["000.sock"]
    assert served.sockets == []


async def test_socket_that_a_killed_one_left_is_replaced(tmp_path: Path) -> None:
    left = tmp_path / "inner" / "000.sock"
    left.parent.mkdir()
    left.touch()
    async with serving(tmp_path, 0) as served:
        await served.call()


async def test_nobody_is_served_after_its_end(tmp_path: Path) -> None:
    async with serving(tmp_path, 60) as served:
        await served.call()
        await served.server.end(0)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await served.call()
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_its_sockets_are_for_our_user_only(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir(mode=0o755)
    async with serving(tmp_path, 0):
        assert (tmp_path / "inner").stat().st_mode & 0o777 == 0o700


async def _echo(channel: grpc.aio.Channel, request: bytes = b"x") -> bytes:
    ask: Any = channel.unary_unary("/echo/Echo")
    answer: bytes = await ask(request, timeout=10)
    return answer
