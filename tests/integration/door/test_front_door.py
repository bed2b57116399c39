"""The front door before a real gRPC server: who is taken for whom, and what callers can do to it."""

import asyncio
import json
import os
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from octrad.foundation.door.front_door import CONNECTIONS_OF_ONE
from octrad.foundation.door.peer import Peer
from tests.as_user import as_user
from tests.daemon import wait_until
from tests.integration.door.house import MESSAGE_BYTES, DoorHouse, door_house

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
ASK_WHO = """
import grpc, sys
with grpc.insecure_channel(f"unix:{sys.argv[1]}") as channel:
    print(channel.unary_unary("/door/Who")(b"", timeout=10).decode())
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A short path that other users may enter."""
    made = Path(tempfile.mkdtemp(prefix="octra-door-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


async def test_handler_learns_uid_gid_pid_and_groups_of_its_caller(place: Path) -> None:
    async with door_house(place) as house:
        found = await house.who()
    assert found["uid"] == os.geteuid()
    assert found["gid"] == os.getegid()
    assert found["pid"] == os.getpid()
    assert set(found["groups"]) == {os.getegid(), *os.getgroups()}


@AS_ROOT
async def test_another_users_process_is_known_with_its_supplementary_groups(place: Path) -> None:
    async with door_house(place) as house:
        found = await asyncio.to_thread(
            subprocess.run,
            [*as_user(65534, groups=(4, 60)), sys.executable, "-c", ASK_WHO, str(house.outer)],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    facts = json.loads(found.stdout)
    assert (facts["uid"], facts["gid"], facts["groups"]) == (65534, 65534, [4, 60, 65534])


async def test_name_that_a_client_binds_itself_is_nobody(place: Path) -> None:
    async with door_house(place) as house:
        for name in (f"octra/0/0/1/1/{'0' * 32}", "octra/0/0/1/1/GUESS", "octra"):
            assert await _call_from(house.inner, f"\0{name}") == "null"
        assert [name.removeprefix("unix-abstract:") for name in house.names] == [
            f"octra/0/0/1/1/{'0' * 32}",
            "octra/0/0/1/1/GUESS",
            "octra",
        ]


async def test_caller_without_a_name_is_nobody(place: Path) -> None:
    async with door_house(place) as house:
        assert await house.who(house.inner) is None
        assert house.door.peer_of("") is None


async def test_name_of_a_living_connection_cannot_be_bound_and_dies_with_it(place: Path) -> None:
    async with door_house(place) as house:
        async with house.channel() as channel:
            ask: Any = channel.unary_unary("/door/Who")
            await ask(b"")
            name = house.names[-1].removeprefix("unix-abstract:")
            assert house.door.peer_of(house.names[-1]) is not None
            with socket.socket(socket.AF_UNIX) as thief, pytest.raises(OSError, match="in use"):
                thief.bind(f"\0{name}")
        await _until(lambda: house.door.peer_of(house.names[-1]) is None)
        # Now it can be bound, and is of no use.
        assert await _call_from(house.inner, f"\0{name}") == "null"


async def test_each_connection_has_a_name_of_its_own(place: Path) -> None:
    async with door_house(place) as house:
        for _ in range(3):
            await house.who()
        assert len(set(house.names)) == 3
        assert all(len(name.rpartition("/")[2]) == 32 for name in house.names)


async def test_who_is_not_admitted_is_cut_off(place: Path) -> None:
    asked: list[Peer] = []

    def admit(peer: Peer) -> bool:
        asked.append(peer)
        return False

    async with door_house(place, admit=admit) as house:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await house.who()
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        assert house.names == []
    assert asked[0].uid == os.geteuid()


async def test_client_that_disappears_ends_its_call_and_leaves_no_socket(place: Path) -> None:
    before = _descriptors()
    async with door_house(place) as house:
        stalled = await _stalled_client(house)
        stalled.close()
        await asyncio.wait_for(house.ended.wait(), 10)
        await _until(lambda: _connections(house) == 0)
    assert _descriptors() == before


async def test_slow_reader_stays_bounded_and_holds_up_nobody(place: Path) -> None:
    async with door_house(place) as house:
        stalled = await _stalled_client(house)
        size_before = _memory_bytes()
        for _ in range(50):
            assert await house.who() is not None
        # What is under way: the client's window and buffers of the kernel's, however long it takes.
        assert house.sent * MESSAGE_BYTES < 4 * 1024**2
        assert _memory_bytes() - size_before < 32 * 1024**2
        stalled.close()
        await asyncio.wait_for(house.ended.wait(), 10)


async def test_large_messages_pass_whole_in_both_directions(place: Path) -> None:
    sent = os.urandom(3 * 1024**2)
    async with door_house(place) as house, house.channel() as channel:
        echo: Any = channel.unary_unary("/door/Echo")
        answers = await asyncio.gather(*(echo(sent, timeout=60) for _ in range(8)))
    assert all(answer == sent for answer in answers)


async def test_two_hundred_connections_at_once(place: Path) -> None:
    async with door_house(place) as house:
        found = await asyncio.gather(*(house.who() for _ in range(200)))
        assert {facts["uid"] for facts in found} == {os.geteuid()}
        assert len(set(house.names)) == 200
        await _until(lambda: _connections(house) == 0)


async def test_one_uid_cannot_take_all_descriptors(place: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    clients = [socket.socket(socket.AF_UNIX) for _ in range(CONNECTIONS_OF_ONE + 1)]
    try:
        async with door_house(place) as house:
            for client in clients:
                client.settimeout(0)
                client.connect(str(house.outer))
            last = clients[-1]
            assert await asyncio.wait_for(asyncio.get_running_loop().sock_recv(last, 1), 10) == b""
            assert _connections(house) == CONNECTIONS_OF_ONE
    finally:
        for client in clients:
            client.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_last_words_reach_the_caller_when_the_server_ends(place: Path) -> None:
    async with door_house(place, stop_grace_s=10) as house:
        channel = house.channel()
        watch: Any = channel.unary_stream("/door/Watch")
        call = watch(b"")
        assert await call.read() == b"hello"
        await house.watching.wait()
        house.door.refuse()
        with pytest.raises(ConnectionRefusedError), socket.socket(socket.AF_UNIX) as late:
            await _connect_late(late, house)
        house.last_word.set()
    assert await call.read() == b"goodbye"
    assert await call.read() is grpc.aio.EOF
    await channel.close()
    assert not house.outer.exists()


async def test_door_without_a_server_lets_go_of_its_callers(place: Path) -> None:
    async with door_house(place) as house:
        house.inner.unlink()
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await house.who()
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        await _until(lambda: _connections(house) == 0)


async def _connect_late(late: socket.socket, house: DoorHouse) -> None:
    try:
        late.connect(str(house.outer))
    except FileNotFoundError as error:
        raise ConnectionRefusedError from error


async def _stalled_client(house: DoorHouse) -> socket.socket:
    """A client that speaks HTTP/2 by hand, asks for a flood, and reads not one byte of it."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(0)
    client.connect(str(house.outer))
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(client, _preface() + _request("/door/Flood"))
    await _until(lambda: house.sent > 0)
    # It comes to rest: what is sent no longer grows.
    seen = -1
    while seen != house.sent:
        seen = house.sent
        await asyncio.sleep(0.2)
    return client


def _preface() -> bytes:
    """The client's preface, with a window of 2 GB that the stalled client can well afford to announce."""
    settings = struct.pack(">HI", 4, 2**31 - 1)
    window = struct.pack(">I", 2**31 - 1 - 65535)
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(4, 0, 0, settings) + _frame(8, 0, 0, window)


def _request(path: str) -> bytes:
    headers = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ]
    block = b"".join(b"\x00" + _text(name) + _text(value) for name, value in headers)
    return _frame(1, 4, 1, block) + _frame(0, 1, 1, b"\x00\x00\x00\x00\x00")


def _text(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


async def _call_from(inner: Path, name: str) -> str:
    """Calls Who over a connection to the inner socket whose client end has the given name."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(0)
        client.bind(name)
        client.connect(str(inner))
        await loop.sock_sendall(client, _preface() + _request("/door/Who"))
        received = b""
        while b"null" not in received and b"uid" not in received:
            chunk = await asyncio.wait_for(loop.sock_recv(client, 65536), 10)
            assert chunk, received
            received += chunk
    return "null" if b"null" in received else received.decode(errors="replace")


def _connections(house: DoorHouse) -> int:
    return len(house.door._connections)  # noqa: SLF001 - nobody but this test counts them


async def _until(condition: object) -> None:
    await asyncio.to_thread(wait_until, condition, 10, "the door comes to rest")


def _descriptors() -> int:
    return sum(fd.is_socket() for fd in Path("/proc/self/fd").iterdir())


def _memory_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
