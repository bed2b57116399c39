"""The at-most-once contract between real processes, with kill -9."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from octra_proto.gateway.v1 import gateway_pb2 as pb
from octra_proto.gateway.v1 import gateway_pb2_grpc as rpc
from octrad.foundation.end_process import end_process
from octrad.foundation.errors import OctraError, UnavailableError
from octrad.foundation.lock_file import LockFile
from octrad.foundation.once.connection import ServantConnection
from octrad.foundation.once.execute_once import execute_once
from tests.integration.foundation.line_caller import acknowledge, connection_to, request_for

ID = "k7f3/worker/backend-1/round-1/#1"


class Place:
    """A state directory with its servant."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.pipe = directory / "pipe"
        os.mkfifo(self.pipe)
        self._pipe_fd = os.open(self.pipe, os.O_RDWR | os.O_NONBLOCK)
        self.connection = connection_to(directory)

    @property
    def lines(self) -> list[str]:
        path = self.directory / "lines"
        return path.read_text().split() if path.exists() else []

    @property
    def pid(self) -> int | None:
        return LockFile(self.directory / "line" / "lock").holder()

    def let_go(self) -> None:
        """Lets all work that waits end."""
        os.write(self._pipe_fd, b"x")

    async def kill(self) -> None:
        pid = self.pid
        assert pid is not None
        assert await end_process(pid, signal.SIGKILL, lambda: True, timeout_s=10)

    async def execute(self, request_id: str, question: str = "line", *, timeout_s: float = 60) -> pb.ExecuteResponse:
        return await execute_once(
            self.connection,
            lambda channel, after: rpc.GatewayServiceStub(channel).Execute(
                request_for(request_id, question, str(self.pipe), after)
            ),
            timeout_s=timeout_s,
        )

    async def begin_waiting(self, request_id: str) -> "asyncio.Task[pb.ExecuteResponse]":
        """Asks for work that waits for the pipe; returns when it has begun."""
        begun = asyncio.Event()

        async def note(_: pb.ExecuteResponse) -> None:
            begun.set()

        task = asyncio.create_task(
            execute_once(
                self.connection,
                lambda channel, after: rpc.GatewayServiceStub(channel).Execute(
                    request_for(request_id, "wait", str(self.pipe), after)
                ),
                on_progress=note,
                timeout_s=60,
            )
        )
        waiting = asyncio.create_task(begun.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        assert begun.is_set()
        return task

    async def close(self) -> None:
        self.let_go()
        os.close(self._pipe_fd)
        assert await self.connection.stop(timeout_s=20)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(tmp_path)
    async with asyncio.timeout(100):
        yield made
        await made.close()


async def run_caller(place: Place, question: str, die_at: str = "") -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.foundation.line_caller",
        *(str(place.directory), ID, question, str(place.pipe)),
        *([die_at] if die_at else []),
    )
    return await asyncio.wait_for(process.wait(), 60)


@pytest.mark.parametrize("step", ["connected", "accepted", "told", "recorded", "acknowledged"])
async def test_killed_caller_finds_its_predecessors_call(place: Place, step: str) -> None:
    assert await run_caller(place, "line", step) == -signal.SIGKILL
    assert place.pid is not None, "the servant lives on"
    assert await run_caller(place, "line") == 0
    assert place.lines == [ID]
    assert (place.directory / "journal").read_text().split() == [ID]
    assert list((place.directory / "line" / "spool").iterdir()) == []


async def test_callers_death_does_not_end_work_in_flight(place: Place) -> None:
    assert await run_caller(place, "wait", "accepted") == -signal.SIGKILL
    caller = asyncio.create_task(run_caller(place, "wait"))
    place.let_go()
    assert await caller == 0
    assert place.lines == [ID]


async def test_servant_killed_in_mid_work_does_it_again_under_the_same_id(place: Place) -> None:
    waiter = await place.begin_waiting(ID)
    await place.kill()
    place.let_go()
    response = await waiter
    assert response.finished.answer_json == f'"{ID}"'
    assert place.lines == [ID, ID]


async def test_servant_killed_with_a_result_tells_it_after_its_restart(place: Place) -> None:
    await place.execute(ID)
    await place.kill()
    assert (await place.execute(ID)).finished.answer_json == f'"{ID}"'
    assert place.lines == [ID]


async def test_interrupted_is_told_to_a_caller_that_wants_to_decide(place: Place) -> None:
    waiter = await place.begin_waiting(ID)
    waiter.cancel()
    await place.kill()
    request = request_for(ID, "wait", str(place.pipe), 0)
    request.again_if_interrupted = False
    response = await execute_once(
        place.connection, lambda channel, _: rpc.GatewayServiceStub(channel).Execute(request), timeout_s=30
    )
    assert response.WhichOneof("message") == "interrupted"
    await acknowledge(place.connection, ID)
    assert place.lines == [ID]


async def test_servant_killed_again_and_again_loses_no_answer(place: Place) -> None:
    rolled = random.Random(7)  # noqa: S311 - not a secret
    kills = 0

    async def killer() -> None:
        nonlocal kills
        while True:
            await asyncio.sleep(rolled.uniform(0.0, 0.4))
            if place.pid is not None:
                await place.kill()
                kills += 1

    async def step(number: int) -> None:
        request_id = f"t/{number}/#1"
        assert (await place.execute(request_id)).finished.answer_json == f'"{request_id}"'
        told = len([line for line in place.lines if line == request_id])
        assert (await place.execute(request_id)).finished.answer_json == f'"{request_id}"'
        assert len([line for line in place.lines if line == request_id]) == told, "told once, never done again"
        await acknowledge(place.connection, request_id)

    killing = asyncio.create_task(killer())
    steps = 0
    while steps < 40 or kills < 5:
        await step(steps)
        steps += 1
    killing.cancel()
    await asyncio.gather(killing, return_exceptions=True)
    counts = Counter(place.lines)
    assert len(counts) == steps
    assert sum(counts.values()) - steps <= kills + 1, "each kill excuses one more, also the one that was cut short"


async def test_two_that_start_it_at_once_get_one_servant(place: Place) -> None:
    connections = [connection_to(place.directory) for _ in range(4)]
    await asyncio.gather(*(connection.channel() for connection in connections))
    log = (place.directory / "log" / "line.log").read_text()
    assert log.count("line serves on") == 1
    for connection in connections:
        await connection.close()


async def test_idle_servant_exits_and_is_started_when_it_is_wanted(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.connection = connection_to(tmp_path, "--idle-exit-s", "0.1")
    await place.execute(ID)
    first = place.pid
    if first is not None:
        assert await end_process(first, signal.SIGCONT, lambda: True, timeout_s=10), "it exits by itself"
    assert (await place.execute(ID)).finished.answer_json == f'"{ID}"'
    assert place.lines == [ID]
    await place.close()


async def test_servant_never_exits_with_work_running(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.connection = connection_to(tmp_path, "--idle-exit-s", "0.05")
    waiter = await place.begin_waiting(ID)
    waiter.cancel()
    await place.connection.close()
    pid = place.pid
    assert pid is not None
    assert not await end_process(pid, signal.SIGCONT, lambda: True, timeout_s=0.5), "nobody waits, but it works"
    place.let_go()
    assert await end_process(pid, signal.SIGCONT, lambda: True, timeout_s=10)
    os.read(place._pipe_fd, 1)  # noqa: SLF001 - closed again for the next
    assert (await place.execute(ID, "wait")).finished.answer_json == f'"{ID}"'
    assert place.lines == [ID]
    await place.close()


async def test_terminated_servant_finishes_its_work_and_its_successor_answers(place: Place) -> None:
    waiter = await place.begin_waiting(ID)
    pid = place.pid
    assert pid is not None
    os.kill(pid, signal.SIGTERM)
    while await place.connection.is_running():  # noqa: ASYNC110 - until it takes nothing new
        await asyncio.sleep(0.01)
    another = asyncio.create_task(place.execute("another/#1"))
    place.let_go()
    assert (await waiter).finished.answer_json == f'"{ID}"'
    assert (await another).finished.answer_json == '"another/#1"'
    assert place.lines == [ID, "another/#1"]
    assert place.pid not in {None, pid}


async def test_stop_ends_an_idle_servant_and_leaves_a_working_one_to_end_later(place: Place) -> None:
    waiter = await place.begin_waiting(ID)
    waiter.cancel()
    pid = place.pid
    assert not await place.connection.stop(timeout_s=0.3)
    assert place.pid == pid
    assert pid is not None
    place.let_go()
    assert await end_process(pid, signal.SIGCONT, lambda: True, timeout_s=10)
    assert await place.connection.stop()
    assert not await place.connection.is_running()


async def test_cancelling_reaches_the_work_and_its_caller(place: Place) -> None:
    waiter = await place.begin_waiting(ID)
    answer = await place.connection.call(
        lambda channel: rpc.GatewayServiceStub(channel).Cancel(pb.CancelRequest(id_prefix="k7f3/"))
    )
    assert answer.cancelled == 1
    assert (await waiter).failed.code == "cancelled"


async def test_errors_arrive_as_they_were_raised(place: Place) -> None:
    with pytest.raises(OctraError, match="no model here … none at all") as caught:
        await place.connection.call(lambda channel: rpc.GatewayServiceStub(channel).ListModels(pb.ListModelsRequest()))
    assert (caught.value.code, caught.value.hint) == ("not_found", "ask elsewhere … please")
    failed = (await place.execute(ID, "fail")).failed
    assert (failed.code, failed.message, failed.hint) == ("exhausted", "no more", "less")
    with pytest.raises(OctraError) as caught:
        await place.execute(ID, "line")
    assert caught.value.code == "digest_mismatch"


async def test_waiting_ends_at_its_deadline_and_the_work_goes_on(place: Place) -> None:
    with pytest.raises(UnavailableError):
        await place.execute(ID, "wait", timeout_s=2)
    place.let_go()
    assert (await place.execute(ID, "wait")).finished.answer_json == f'"{ID}"'
    assert place.lines == [ID]


async def test_slow_reader_over_the_socket_is_told_what_it_missed(place: Place) -> None:
    channel = await place.connection.channel()
    stream = rpc.GatewayServiceStub(channel).Execute(request_for(ID, "chat", "", 0))
    expected, missed = 1, 0
    async for response in stream:
        if response.WhichOneof("message") == "progress":
            missed += response.progress.missed
            assert response.progress.number == expected + response.progress.missed
            expected = response.progress.number + 1
    assert expected == 10_001
    assert missed <= 10_000 - 4096


async def test_servant_that_cannot_start_is_said_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('the configuration has no such key')"]
    connection = ServantConnection("line", tmp_path, command=command)
    with pytest.raises(UnavailableError) as caught:
        await connection.channel()
    assert "the configuration has no such key" in caught.value.hint
    with pytest.raises(UnavailableError, match="not running"):
        await connection.channel(start=False)


@pytest.mark.usefixtures("runtime_directory")
async def test_deep_state_directory_is_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-directory-with-a-long-name"] * 5)
    deep.mkdir(parents=True)
    place = Place(deep)
    assert (await place.execute(ID)).finished.answer_json == f'"{ID}"'
    await place.close()


async def test_nobody_else_can_enter(place: Place) -> None:
    await place.execute(ID)
    directory = place.directory / "line"
    assert directory.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in directory.rglob("*"))


async def test_stream_is_read_once_and_its_errors_are_ours(place: Place) -> None:
    def stream(question: str) -> AsyncIterator[pb.ExecuteResponse]:
        return place.connection.stream(
            lambda channel: rpc.GatewayServiceStub(channel).Execute(request_for(ID, question, "", 0))
        )

    kinds = [response.WhichOneof("message") async for response in stream("line")]
    assert kinds == ["accepted", "finished"]
    with pytest.raises(OctraError) as caught:
        await anext(stream("chat"))
    assert caught.value.code == "digest_mismatch"
