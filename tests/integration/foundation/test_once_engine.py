"""Each line of the at-most-once contract, on a real spool."""

# ruff: noqa: ASYNC240 - looking at a directory in a test blocks nobody

import asyncio
import contextlib
import logging
import os
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from octrad.foundation.errors import ExhaustedError, InvalidRequestError, UnavailableError
from octrad.foundation.logging import fields_of
from octrad.foundation.once.engine import Engine
from octrad.foundation.once.execution import HELD_PROGRESS_MESSAGES
from octrad.foundation.once.messages import (
    Accepted,
    Failed,
    Finished,
    Interrupted,
    Message,
    Progress,
    Report,
    Work,
)
from octrad.foundation.once.spool import DigestMismatchError, Spool

DIGEST = b"d" * 32
ID = "k7f3/worker/backend-1/round-1/#1"


class Counted:
    """Work that counts how often it began, and ends when it is let."""

    def __init__(self, *, open_gate: bool = False) -> None:
        self.begun = 0
        self.cleaned_up = 0
        self.has_begun = asyncio.Event()
        self.gate = asyncio.Event()
        if open_gate:
            self.gate.set()

    async def __call__(self, report: Report) -> bytes:
        self.begun += 1
        self.has_begun.set()
        report(b"begun")
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            self.cleaned_up += 1
            raise
        return b"result %d" % self.begun


async def ask(engine: Engine, work: Work, request_id: str = ID, *, again: bool = False) -> list[Message]:
    messages = engine.execute(request_id, DIGEST, work, again_if_interrupted=again)
    return [message async for message in messages]


@pytest.fixture(autouse=True)
async def _deadline() -> AsyncIterator[None]:
    async with asyncio.timeout(30):
        yield


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spool(directory: Path) -> Iterator[Spool]:
    opened = Spool(directory)
    yield opened
    opened.close()


@pytest.fixture
async def engine(spool: Spool) -> AsyncIterator[Engine]:
    made = Engine(spool)
    yield made
    await made.stop(0)


async def test_acceptance_is_on_disk_before_the_work_begins(engine: Engine, directory: Path) -> None:
    async def work(report: Report) -> bytes:  # noqa: ARG001 - the shape of work
        return str(len(list(directory.iterdir()))).encode()

    assert await ask(engine, work) == [Accepted(), Finished(b"1")]


class SlowSpool(Spool):
    """A spool on a disk that takes as long as it is held."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.hold = threading.Event()

    def accept(self, request_id: str, digest: bytes) -> None:
        assert self.hold.wait(20)
        super().accept(request_id, digest)


async def test_what_cannot_be_accepted_for_a_reason_that_nobody_expected_leaves_nobody_waiting(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class BrokenSpool(Spool):
        def accept(self, request_id: str, digest: bytes) -> None:  # noqa: ARG002 - as it is called
            raise RuntimeError("can't start new thread")

    spool = BrokenSpool(directory)
    engine, work = Engine(spool), Counted()
    with pytest.raises(UnavailableError, match="cannot be accepted: RuntimeError: can't start new thread"):
        await ask(engine, work, again=True)
    assert (work.cleaned_up, engine.running) == (work.begun, 0)
    assert "Traceback" in caplog.text
    spool.close()


@pytest.fixture
def slow_spool(directory: Path) -> Iterator[SlowSpool]:
    opened = SlowSpool(directory)
    yield opened
    opened.close()


async def test_work_that_may_be_repeated_waits_for_no_disk_and_is_told_when_its_acceptance_is_there(
    slow_spool: SlowSpool, directory: Path
) -> None:
    work = Counted(open_gate=True)
    told: list[Message] = []

    async def listen() -> None:
        async for message in Engine(slow_spool).execute(ID, DIGEST, work, again_if_interrupted=True):
            told.append(message)  # noqa: PERF401 - each as it comes

    waiter = asyncio.create_task(listen())
    await work.has_begun.wait()
    await asyncio.wait({waiter}, timeout=0.2)
    assert (told, list(directory.iterdir())) == ([], [])
    slow_spool.hold.set()
    await waiter
    assert told == [Accepted(), Progress(1, b"begun", 0), Finished(b"result 1")]


async def test_work_that_may_not_be_repeated_waits_for_the_disk(slow_spool: SlowSpool) -> None:
    work = Counted(open_gate=True)
    waiter = asyncio.create_task(ask(Engine(slow_spool), work))
    await asyncio.wait({waiter}, timeout=0.2)
    assert work.begun == 0
    slow_spool.hold.set()
    assert (await waiter)[-1] == Finished(b"result 1")


async def test_what_is_cancelled_beside_its_acceptance_is_recorded(slow_spool: SlowSpool, directory: Path) -> None:
    work = Counted()
    engine = Engine(slow_spool)
    waiter = asyncio.create_task(ask(engine, work, again=True))
    await work.has_begun.wait()
    cancelling = asyncio.create_task(engine.cancel(ID))
    while not work.cleaned_up:  # noqa: ASYNC110 - a few turns of the loop is what it takes
        await asyncio.sleep(0)
    slow_spool.hold.set()
    assert await cancelling == 1
    cancelled = Failed("cancelled", "cancelled")
    assert (await waiter)[-1] == cancelled
    restarted = Spool(directory)
    assert restarted.outcome(ID) == cancelled
    restarted.close()


async def test_what_the_work_logs_says_which_task_and_step_it_is_of(engine: Engine) -> None:
    async def work(report: Report) -> bytes:  # noqa: ARG001 - the shape of work
        return repr(fields_of(logging.makeLogRecord({}))).encode()

    fields = {"task": "k7f3", "step": "worker/backend-1/round-1"}
    assert await ask(engine, work) == [Accepted(), Finished(repr(fields).encode())]


async def test_result_is_on_disk_before_it_is_told(engine: Engine, directory: Path) -> None:
    async for message in engine.execute(ID, DIGEST, Counted(open_gate=True)):
        if isinstance(message, Finished):
            with_another = Spool(directory)
            assert with_another.outcome(ID) == message
            with_another.close()
            return
    pytest.fail("no result")


async def test_finished_id_is_told_the_same_result_by_every_servant(engine: Engine, directory: Path) -> None:
    work = Counted(open_gate=True)
    first = await ask(engine, work)
    again = await ask(engine, work)
    restarted = Spool(directory)
    after_restart = await ask(Engine(restarted), work)
    restarted.close()
    assert first[-1] == again[-1] == after_restart[-1] == Finished(b"result 1")
    assert work.begun == 1


async def test_many_waiters_attach_to_one_execution(engine: Engine) -> None:
    work = Counted()
    waiters = [asyncio.create_task(ask(engine, work)) for _ in range(20)]
    await work.has_begun.wait()
    work.gate.set()
    results = await asyncio.gather(*waiters)
    assert work.begun == 1
    assert all(result == [Accepted(), Progress(1, b"begun", 0), Finished(b"result 1")] for result in results)


async def test_waiter_that_goes_away_cancels_nothing(engine: Engine) -> None:
    work = Counted()
    waiter = asyncio.create_task(ask(engine, work))
    await work.has_begun.wait()
    waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)
    assert (engine.running, work.cleaned_up) == (1, 0)
    work.gate.set()
    assert (await ask(engine, work))[-1] == Finished(b"result 1")
    assert work.begun == 1


async def test_same_id_for_another_request_is_refused_in_every_state(engine: Engine, spool: Spool) -> None:
    work = Counted()
    waiter = asyncio.create_task(ask(engine, work))
    await work.has_begun.wait()
    with pytest.raises(DigestMismatchError):
        await anext(engine.execute(ID, b"other", work))
    work.gate.set()
    await waiter
    with pytest.raises(DigestMismatchError):
        await anext(engine.execute(ID, b"other", work))
    with pytest.raises(DigestMismatchError):
        await anext(Engine(spool).execute(ID, b"other", work))
    assert work.begun == 1


async def test_failure_is_typed_and_spooled_like_a_result(engine: Engine, spool: Spool) -> None:
    async def work(report: Report) -> bytes:
        report(b"trying")
        raise ExhaustedError("too much", hint="less")

    expected = Failed("exhausted", "too much", "less", retryable=False)
    assert (await ask(engine, work))[-1] == expected
    assert (await ask(Engine(spool), work))[-1] == expected


async def test_unexpected_error_is_an_outcome_too(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    async def work(report: Report) -> bytes:  # noqa: ARG001 - the shape of work
        raise ZeroDivisionError("oops")

    assert (await ask(engine, work))[-1] == Failed("internal", "ZeroDivisionError: oops")
    assert "Traceback" in caplog.text


async def test_accepted_but_not_running_is_interrupted(engine: Engine, directory: Path) -> None:
    work = Counted()
    waiter = asyncio.create_task(ask(engine, work))
    await work.has_begun.wait()
    killed = Spool(directory)  # what a servant finds that comes after a killed one
    successor = Engine(killed)
    assert await ask(successor, work) == [Interrupted()]
    again = Counted(open_gate=True)
    told = await asyncio.gather(*(ask(successor, again, again=True) for _ in range(5)))
    assert {answer[-1] for answer in told} == {Finished(b"result 1")}
    assert again.begun == 1
    killed.close()
    work.gate.set()
    await waiter


async def test_acknowledged_result_is_forgotten(engine: Engine, directory: Path) -> None:
    work = Counted(open_gate=True)
    await ask(engine, work)
    await engine.acknowledge(ID)
    await engine.acknowledge("unknown/#1")
    assert list(directory.iterdir()) == []
    await ask(engine, work)
    assert work.begun == 2


async def test_acknowledging_a_prefix_forgets_all_that_ended_and_nothing_else(engine: Engine, spool: Spool) -> None:
    for name in ("k7f3/a/#1", "k7f3/b/#1", "k7f4/a/#1"):
        await ask(engine, Counted(open_gate=True), name)
    spool.accept("k7f3/interrupted/#1", DIGEST)
    spool.release("k7f3/interrupted/#1")
    running = Counted()
    waiter = asyncio.create_task(ask(engine, running, "k7f3/running/#1"))
    await running.has_begun.wait()
    await engine.acknowledge_all("k7f3/")
    assert spool.ids("") == ["k7f4/a/#1", "k7f3/running/#1"]
    running.gate.set()
    assert (await waiter)[-1] == Finished(b"result 1")


async def test_acknowledging_what_runs_does_nothing(engine: Engine) -> None:
    work = Counted()
    waiter = asyncio.create_task(ask(engine, work))
    await work.has_begun.wait()
    await engine.acknowledge(ID)
    work.gate.set()
    assert (await waiter)[-1] == (await ask(engine, work))[-1]
    assert work.begun == 1


async def test_cancelling_by_prefix_waits_until_nothing_is_left_and_is_recorded(engine: Engine, spool: Spool) -> None:
    works = {name: Counted() for name in ("k7f3/a/#1", "k7f3/b/#1", "k7f4/a/#1")}
    waiters = {name: asyncio.create_task(ask(engine, work, name)) for name, work in works.items()}
    for work in works.values():
        await work.has_begun.wait()
    assert await engine.cancel("k7f3/") == 2
    assert [work.cleaned_up for work in works.values()] == [1, 1, 0]
    cancelled = Failed("cancelled", "cancelled")
    assert (await waiters["k7f3/a/#1"])[-1] == cancelled
    assert (await ask(Engine(spool), works["k7f3/b/#1"], "k7f3/b/#1"))[-1] == cancelled
    works["k7f4/a/#1"].gate.set()
    assert (await waiters["k7f4/a/#1"])[-1] == Finished(b"result 1")
    assert await engine.cancel("k7f3/") == 0


async def test_cancelling_before_the_work_began_means_that_it_never_begins(engine: Engine) -> None:
    work = Counted(open_gate=True)
    waiter = asyncio.create_task(ask(engine, work))
    while not engine.running:  # noqa: ASYNC110 - one turn of the loop is what it takes
        await asyncio.sleep(0)
    assert await engine.cancel(ID) == 1
    assert (await waiter)[-1] == Failed("cancelled", "cancelled")
    assert work.begun == 0


async def test_slow_and_dead_waiters_do_not_slow_the_work(engine: Engine) -> None:
    pieces = HELD_PROGRESS_MESSAGES + 1000
    read_one = asyncio.Event()

    async def work(report: Report) -> bytes:
        report(b"first")
        await read_one.wait()
        for number in range(pieces):
            report(b"%d" % number)
        return b"done"

    slow = engine.execute(ID, DIGEST, work)
    assert [await anext(slow), await anext(slow)] == [Accepted(), Progress(1, b"first", 0)]
    dead = engine.execute(ID, DIGEST, work)
    await anext(dead)
    read_one.set()
    quick = await ask(engine, work)
    assert quick[-1] == Finished(b"done")
    # The slow one is told how much it missed, then has all that is held, in order.
    late = [message async for message in slow]
    numbers = [message.number for message in late if isinstance(message, Progress)]
    assert isinstance(late[0], Progress)
    assert late[0].missed == 1000
    assert numbers == list(range(1002, pieces + 2))
    assert late[-1] == Finished(b"done")


async def test_progress_resumes_after_a_number(engine: Engine) -> None:
    async def work(report: Report) -> bytes:
        for number in range(1, 6):
            report(b"%d" % number)
        return b"done"

    await ask(engine, work)
    resumed = [message async for message in engine.execute(ID, DIGEST, work, after_progress=3)]
    assert resumed == [Accepted(), Progress(4, b"4", 0), Progress(5, b"5", 0), Finished(b"done")]


async def test_progress_of_a_new_execution_is_told_from_its_start(engine: Engine) -> None:
    # The number is of an execution that a kill of the servant ended.
    told = [message async for message in engine.execute(ID, DIGEST, Counted(open_gate=True), after_progress=900)]
    assert told == [Accepted(), Progress(1, b"begun", 0), Finished(b"result 1")]


async def test_stopping_takes_nothing_new_and_lets_work_finish(engine: Engine) -> None:
    work = Counted()
    waiter = asyncio.create_task(ask(engine, work))
    await work.has_begun.wait()
    stopping = asyncio.create_task(engine.stop(20))
    await asyncio.sleep(0)
    with pytest.raises(UnavailableError):
        await ask(engine, Counted(), "another/#1")
    attached = asyncio.create_task(ask(engine, work))
    work.gate.set()
    await stopping
    assert (await waiter)[-1] == (await attached)[-1] == Finished(b"result 1")


async def test_work_beyond_the_bound_of_stopping_is_interrupted(engine: Engine, directory: Path) -> None:
    work = Counted()
    waiter = asyncio.create_task(ask(engine, work))
    await work.has_begun.wait()
    await engine.stop(0)
    with pytest.raises(UnavailableError):
        await waiter
    assert work.cleaned_up == 1
    restarted = Spool(directory)
    assert await ask(Engine(restarted), work) == [Interrupted()]
    restarted.close()


@pytest.mark.parametrize("request_id", ["", "x" * 1001])
async def test_bad_id_is_refused(engine: Engine, request_id: str) -> None:
    with pytest.raises(InvalidRequestError):
        await ask(engine, Counted(), request_id)


@pytest.mark.parametrize("request_id", ["../../etc/passwd", "a/" * 500, "ü/☃/\x00/#1", ".", "a b\nc"])
async def test_any_id_has_a_file_of_its_own_inside_the_spool(engine: Engine, directory: Path, request_id: str) -> None:
    assert (await ask(engine, Counted(open_gate=True), request_id))[-1] == Finished(b"result 1")
    assert len(list(directory.iterdir())) == 1
    restarted = Spool(directory)
    assert restarted.outcome(request_id) == Finished(b"result 1")
    restarted.close()


async def test_torn_files_are_survived(engine: Engine, directory: Path) -> None:
    work = Counted(open_gate=True)
    for name in ("one/#1", "two/#1", "three/#1"):
        await ask(engine, work, name)
    torn_result, torn_acceptance, whole = sorted(directory.iterdir(), key=lambda path: path.name)
    os.truncate(torn_result, torn_result.stat().st_size - 1)
    os.truncate(torn_acceptance, 20)
    (directory / "strange").write_bytes(os.urandom(100))
    restarted = Spool(directory)
    names = {path.name.split("_")[0] for path in directory.iterdir()}
    assert names == {torn_result.name.split("_")[0], whole.name.split("_")[0]}
    interrupted = f"{torn_result.name.split('_')[0]}/#1"
    assert await ask(Engine(restarted), work, interrupted) == [Interrupted()]
    restarted.close()


async def test_oldest_unacknowledged_is_dropped_first_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = 1000.0
    spool = Spool(tmp_path, max_bytes=2500, max_age_s=100, clock=lambda: now)
    engine = Engine(spool)

    async def work(report: Report) -> bytes:  # noqa: ARG001 - the shape of work
        return b"x" * 1000

    for name in ("a/#1", "b/#1", "c/#1"):
        now += 1
        await ask(engine, work, name)
    assert [spool.outcome(name) is not None for name in ("a/#1", "b/#1", "c/#1")] == [False, True, True]
    assert "dropped the unacknowledged result of a/#1: the spool is full" in caplog.text
    now += 99.5
    await ask(engine, work, "d/#1")
    assert "dropped the unacknowledged result of b/#1: too old" in caplog.text
    spool.close()


async def test_what_runs_is_never_dropped(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=10)
    engine = Engine(spool)
    running = Counted()
    waiter = asyncio.create_task(ask(engine, running, "running/#1"))
    await running.has_begun.wait()
    await ask(engine, Counted(open_gate=True), "other/#1")
    running.gate.set()
    assert (await waiter)[-1] == Finished(b"result 1")
    assert spool.outcome("running/#1") == Finished(b"result 1")
    spool.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


async def test_full_disk_refuses_new_work_and_loses_no_result(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("octrad.foundation.once.engine.FINISH_RETRY_DELAYS_S", (0.01,))
    spool = Spool(small_disk / "spool")
    engine = Engine(spool)

    async def big(report: Report) -> bytes:  # noqa: ARG001 - the shape of work
        return b"x" * 100_000

    # The result does not fit: it is told from memory rather than lost.
    assert (await ask(engine, big))[-1] == Finished(b"x" * 100_000)
    with contextlib.suppress(OSError), (small_disk / "filler").open("ab", buffering=0) as filler:
        while filler.write(b"x" * 4096):
            pass
    never = Counted(open_gate=True)
    with pytest.raises(ExhaustedError, match="full"):
        await ask(engine, never, "new/#1")
    assert never.begun == 0
    begun = Counted()
    with pytest.raises(ExhaustedError, match="full"):
        await ask(engine, begun, "beside/#1", again=True)
    assert (begun.begun, begun.cleaned_up, engine.running) == (1, 1, 0)
    (small_disk / "filler").unlink()
    assert (await ask(engine, never, "new/#1"))[-1] == Finished(b"result 1")
    spool.close()
