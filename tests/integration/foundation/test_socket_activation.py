"""A servant behind a socket that is not its own: started at a connection, gone when idle, and nobody loses anything."""

import asyncio
import contextlib
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from pathlib import Path

import grpc
import pytest

from octra_proto.gateway.v1 import gateway_pb2 as pb
from octra_proto.gateway.v1 import gateway_pb2_grpc as rpc
from octrad.foundation.errors import UnavailableError
from octrad.foundation.once.connection import ServantConnection
from octrad.foundation.once.execute_once import execute_once
from tests.as_user import as_user
from tests.daemon import ROOT
from tests.integration.foundation.line_caller import request_for
from tests.notified import NotifySocket, notify_socket
from tests.socket_unit import SocketUnit

OTHER_UID = 65_532
CONNECT = """
import socket, sys
with socket.socket(socket.AF_UNIX) as client:
    client.settimeout(20)
    client.connect(sys.argv[1])
    client.sendall(b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + bytes(3) + b"\\x04" + bytes(5))
    print(len(client.recv(100)))
"""


@pytest.fixture
def notified(tmp_path: Path) -> Iterator[NotifySocket]:
    with notify_socket(tmp_path) as made:
        yield made


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "octrad.toml"
    path.write_text("[servant]\nidle_exit_s = 0.3\n", encoding="utf-8")
    return path


def stay(config: Path) -> None:
    """Has the servant stay when it is idle."""
    config.write_text("[servant]\nidle_exit_s = 60\n", encoding="utf-8")


@pytest.fixture
def unit(tmp_path: Path, config: Path, notified: NotifySocket) -> Iterator[SocketUnit]:
    command = [sys.executable, "-m", "tests.integration.foundation.line_servant", "--state-dir", str(tmp_path)]
    made = SocketUnit(
        tmp_path / "unit.sock", [*command, "--config", str(config)], {"NOTIFY_SOCKET": str(notified.path)}
    )
    yield made
    # Before it listens to signals, and after: SIGTERM itself, which is as clean an end to systemd.
    assert made.stop() in {0, -signal.SIGTERM}


@pytest.fixture
async def activated(unit: SocketUnit) -> AsyncIterator[SocketUnit]:
    """The unit, started whenever somebody wants it."""

    async def watch() -> None:
        while True:
            unit.start_if_wanted()
            await asyncio.sleep(0.01)

    watching = asyncio.create_task(watch())
    async with asyncio.timeout(100):
        yield unit
    watching.cancel()
    await asyncio.wait({watching})


@pytest.fixture
async def connection(unit: SocketUnit, tmp_path: Path) -> AsyncIterator[ServantConnection]:
    made = ServantConnection("line", tmp_path / "octrad", socket=unit.path, start_timeout_s=2)
    yield made
    await made.close()


async def execute(connection: ServantConnection, number: int) -> str:
    def ask(channel: grpc.aio.Channel, after: int) -> AsyncIterable[pb.ExecuteResponse]:
        return rpc.GatewayServiceStub(channel).Execute(request_for(f"t/{number}/#1", "line", "", after))

    response = await execute_once(connection, ask, timeout_s=60)
    return response.finished.answer_json


async def test_it_comes_and_goes_and_a_caller_loses_nothing(
    activated: SocketUnit, connection: ServantConnection, notified: NotifySocket, tmp_path: Path
) -> None:
    for number in range(60):
        assert await execute(connection, number) == f'"t/{number}/#1"'
        notified.pass_over()
        # Now and then about when it goes: some calls come before, some after, and some in the middle of that.
        await asyncio.sleep(0.29 + 0.002 * (number % 10))
    lines = (tmp_path / "lines").read_text(encoding="utf-8").split()
    assert lines == [f"t/{number}/#1" for number in range(60)]
    assert activated.starts > 5, "it went in between"


async def test_an_idle_servant_ends_well_and_tells_systemd_so(
    activated: SocketUnit, connection: ServantConnection, notified: NotifySocket
) -> None:
    await execute(connection, 1)
    process = activated.process
    assert process is not None
    assert await asyncio.to_thread(process.wait, 30) == 0
    assert notified.next()["READY"] == "1"
    assert notified.until(lambda message: "STOPPING" in message)["STATUS"] == "stopping: nobody wants it"
    assert activated.path.is_socket()
    assert not activated.is_wanted()


async def test_a_killed_servant_is_outlived(activated: SocketUnit, connection: ServantConnection) -> None:
    await execute(connection, 1)
    assert activated.process
    activated.process.kill()
    assert await execute(connection, 2) == '"t/2/#1"'
    assert await execute(connection, 1) == '"t/1/#1"'


async def test_a_servant_that_is_systemds_is_not_ours_to_stop(
    activated: SocketUnit, connection: ServantConnection, config: Path
) -> None:
    stay(config)
    await execute(connection, 1)
    assert activated.process
    connection.reload()
    assert not await connection.stop(timeout_s=5)
    assert activated.process.poll() is None
    assert await execute(connection, 2) == '"t/2/#1"'
    assert activated.starts == 1


async def test_nobody_listening_is_said(tmp_path: Path) -> None:
    connection = ServantConnection("line", tmp_path, socket=tmp_path / "none.sock", start_timeout_s=0.2)
    assert not await connection.is_running()
    with pytest.raises(UnavailableError, match="does not answer on") as caught:
        await connection.channel()
    assert "octra-line.socket" in caught.value.hint


def test_a_reload_of_a_servant_is_told(unit: SocketUnit, config: Path, notified: NotifySocket) -> None:
    stay(config)
    process = unit.start()
    assert notified.next()["READY"] == "1"
    config.write_text("[servant]\nidle_exit = 60\n", encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    assert "MONOTONIC_USEC" in notified.until(lambda message: "RELOADING" in message)
    assert "`servant.idle_exit` is not a key" in notified.until(lambda message: "READY" in message)["STATUS"]


@pytest.mark.skipif(os.geteuid() != 0, reason="ONLY ROOT CAN BE SOMEBODY ELSE")
@pytest.mark.parametrize("is_named", [False, True])
def test_only_named_users_get_in(unit: SocketUnit, config: Path, notified: NotifySocket, *, is_named: bool) -> None:
    clients = f'clients = ["{pwd.getpwnam("nobody").pw_name}"]' if is_named else ""
    config.write_text(f"[servant]\nidle_exit_s = 60\n{clients}\n", encoding="utf-8")
    with contextlib.ExitStack() as opened:
        for directory in [unit.path, *unit.path.parents][:-1]:
            opened.callback(directory.chmod, directory.stat().st_mode & 0o7777)
            directory.chmod(directory.stat().st_mode & 0o7777 | (0o666 if directory == unit.path else 0o011))
        unit.start()
        assert notified.next()["READY"] == "1"
        argv = [*as_user(pwd.getpwnam("nobody").pw_uid), sys.executable, "-c", CONNECT, str(unit.path)]
        said = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    if is_named:
        assert int(said.stdout) > 0, said.stderr
    else:
        assert said.stdout.strip() in ("0", ""), said.stdout
        assert said.stdout or "ConnectionResetError" in said.stderr or "BrokenPipeError" in said.stderr, said.stderr


def test_a_client_that_does_not_exist_is_named(tmp_path: Path, config: Path) -> None:
    config.write_text('[servant]\nclients = ["no-such-user"]\n', encoding="utf-8")
    argv = [sys.executable, "-m", "octrad", "gateway", "--state-dir", str(tmp_path / "s"), "--config", str(config)]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == os.EX_CONFIG
    assert "`servant.clients`: this machine has no user `no-such-user`" in ended.stderr
