import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from octrad.foundation.errors import UnavailableError
from octrad.foundation.ids import TaskId
from octrad.foundation.logging import fields_of
from octrad.foundation.postgres.errors import DatabaseUnavailableError
from octrad.foundation.postgres.pool import Database
from octrad.tasks.cancel_signal import CancelSignal
from octrad.tasks.cancel_task import cancel_task
from octrad.tasks.event_log import EventLog
from octrad.tasks.events import Advised, StateChanged
from octrad.tasks.explain_task import explain_task
from octrad.tasks.find_task import get_task
from octrad.tasks.journal import Journal
from octrad.tasks.journal_step import Step
from octrad.tasks.list_steps import list_steps
from octrad.tasks.machine import TaskState
from octrad.tasks.queue import RunTask, TaskQueue
from octrad.tasks.retry_task import retry_task
from octrad.tasks.submit_task import Submission, submit_task
from octrad.tasks.task import Lease, Role, TaskPriority
from octrad.tasks.transition import change_state
from octrad.tasks.wakeups import Wakeups
from tests.integration.tasks.steps import cut_connections, finish, plain_advice, submit, submit_and_claim


@asynccontextmanager
async def serving(
    database: Database, wakeups: Wakeups, run: RunTask, *, tasks_at_once: int = 4, drain_s: float = 5
) -> AsyncIterator[TaskQueue]:
    queue = TaskQueue(
        database, wakeups, run, plain_advice, machine="here", tasks_at_once=tasks_at_once, drain_s=drain_s
    )
    serve = asyncio.create_task(queue.serve())
    try:
        yield queue
    finally:
        queue.stop()
        async with asyncio.timeout(20):
            await serve


def finishing(database: Database) -> RunTask:
    async def run(lease: Lease, _: CancelSignal) -> None:
        await finish(database, lease)

    return run


async def test_twenty_tasks_at_once_all_finish_within_the_limit(
    database: Database, wakeups: Wakeups, log: EventLog
) -> None:
    running, most = 0, 0
    three = asyncio.Event()

    async def run(lease: Lease, _: CancelSignal) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 3:
            three.set()
        await asyncio.wait_for(three.wait(), 20)  # the first ones wait for each other

        async def talk(step: Step) -> str:
            await asyncio.sleep(0)
            return step.name

        journal = Journal(database, lease)
        await asyncio.gather(*(journal.step(f"s{n}", talk, result=str, role=Role.WORKER) for n in range(4)))
        running -= 1
        await finish(database, lease)

    async with serving(database, wakeups, run, tasks_at_once=3):
        tasks = await asyncio.gather(*(submit(database, f"task {n}") for n in range(20)))
        ended = await asyncio.gather(*(log.wait_until_final(task.id, 60) for task in tasks))
    assert {task.state for task in ended} == {TaskState.DONE}
    assert most == 3
    for task in ended:
        assert [event.seq for event in await log.read(task.id, 0)] == list(range(1, task.last_seq + 1))


async def test_a_submitted_task_begins_at_once(
    database: Database, wakeups: Wakeups, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Woken, not polled.
    monkeypatch.setattr("octrad.tasks.queue._POLL_S", 3600.0)
    async with serving(database, wakeups, finishing(database)):
        await until_the_worker_listens(database)
        task = await submit(database)
        await log.wait_until_final(task.id, 20)


async def until_the_worker_listens(database: Database) -> None:
    listening = (
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'LISTEN%procrastinate%'"
    )
    async with asyncio.timeout(20), database.connection() as connection:
        while await (await connection.execute(listening)).fetchone() is None:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


async def test_what_is_logged_on_the_way_says_which_task_and_step_it_is_of(
    database: Database, wakeups: Wakeups, log: EventLog
) -> None:
    fields: list[dict[str, str]] = []

    def look() -> None:
        fields.append(fields_of(logging.makeLogRecord({})))

    async def plan(_: Step) -> str:
        look()
        return ""

    async def run(lease: Lease, _: CancelSignal) -> None:
        await Journal(database, lease).step("plan", plan, result=str, role=Role.BOSS)
        look()
        await finish(database, lease)

    async with serving(database, wakeups, run):
        task = await submit(database, project="todo")
        await log.wait_until_final(task.id, 20)
    assert fields == [
        {"task": task.id, "project": "todo", "role": "boss", "step": "plan"},
        {"task": task.id, "project": "todo"},
    ]


async def test_the_urgent_go_first(database: Database, wakeups: Wakeups, log: EventLog) -> None:
    order: list[str] = []

    async def run(lease: Lease, _: CancelSignal) -> None:
        order.append((await get_task(database, lease.task_id)).request)
        await finish(database, lease)

    tasks = [
        await submit_task(database, Submission(priority.value, priority=priority))
        for priority in (TaskPriority.P3, TaskPriority.P1, TaskPriority.P2, TaskPriority.P0)
    ]
    async with serving(database, wakeups, run, tasks_at_once=1):
        await asyncio.gather(*(log.wait_until_final(task.id, 20) for task in tasks))
    assert order == ["p0", "p1", "p2", "p3"]


async def test_a_stop_leaves_running_tasks_to_be_resumed(database: Database, wakeups: Wakeups, log: EventLog) -> None:
    begun = asyncio.Event()
    asked: list[str] = []

    async def hangs(step: Step) -> str:
        asked.append(step.request_id)
        begun.set()
        await asyncio.Event().wait()
        return "never"

    async def run(lease: Lease, _: CancelSignal) -> None:
        await Journal(database, lease).step("work", hangs, result=str, role=Role.WORKER)

    task = await submit(database)
    async with serving(database, wakeups, run):
        await begun.wait()
    stopped = await get_task(database, task.id)
    assert (stopped.state, stopped.machine, stopped.failures) == (TaskState.QUEUED, "", 0)

    async def quick(step: Step) -> str:
        asked.append(step.request_id)
        return "done"

    async def resume(lease: Lease, _: CancelSignal) -> None:
        await Journal(database, lease).step("work", quick, result=str, role=Role.WORKER)
        await finish(database, lease)

    async with serving(database, wakeups, resume):
        assert (await log.wait_until_final(task.id, 20)).state is TaskState.DONE
    assert asked == [f"{task.id}/work/#1"] * 2


async def test_work_that_does_not_let_go_is_left_behind_within_the_bound(database: Database, wakeups: Wakeups) -> None:
    begun, let_go = asyncio.Event(), asyncio.Event()

    async def stubborn(_: Lease, __: CancelSignal) -> None:
        begun.set()
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue

    task = await submit(database)
    try:
        async with serving(database, wakeups, stubborn, drain_s=0.3):
            await begun.wait()
        assert (await get_task(database, task.id)).state is TaskState.QUEUED
    finally:
        let_go.set()


async def test_an_error_is_tried_again_and_ends_the_task_the_third_time(
    database: Database, wakeups: Wakeups, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("octrad.tasks.ownership.FIRST_PAUSE_S", 0.01)
    runs = 0

    async def breaks(_: Lease, __: CancelSignal) -> None:
        nonlocal runs
        runs += 1
        raise RuntimeError("a bug")

    task = await submit(database)
    async with serving(database, wakeups, breaks):
        ended = await log.wait_until_final(task.id, 30)
    assert (ended.state, runs) == (TaskState.FAILED, 3)
    assert "a bug" in ended.note
    assert ended.next_command == f"octractl retry {task.id}"
    assert isinstance((await log.read(task.id, ended.last_seq - 2))[0].detail, Advised)


async def test_servant_that_is_away_is_said_with_its_own_words_and_no_traceback(
    database: Database,
    wakeups: Wakeups,
    log: EventLog,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("octrad.tasks.ownership.FIRST_PAUSE_S", 0.01)

    async def is_away(_: Lease, __: CancelSignal) -> None:
        raise UnavailableError("the runner does not start", hint="runner.log ends: error: no bwrap")

    task = await submit(database)
    async with serving(database, wakeups, is_away):
        ended = await log.wait_until_final(task.id, 30)
    assert "the runner does not start" in ended.note
    changes = [e.detail for e in await log.read(task.id, 0) if isinstance(e.detail, StateChanged)]
    put_back = [change.reason for change in changes if change.from_ is TaskState.RUNNING][:-1]
    assert len(put_back) == 2
    assert all("the runner does not start; runner.log ends: error: no bwrap" in reason for reason in put_back)
    assert not [record for record in caplog.records if record.exc_info]


async def test_outages_of_the_database_end_no_task_however_many(
    database: Database, wakeups: Wakeups, log: EventLog
) -> None:
    runs = 0

    async def is_interrupted(lease: Lease, _: CancelSignal) -> None:
        nonlocal runs
        runs += 1
        if runs < 6:
            raise DatabaseUnavailableError("PostgreSQL does not answer")
        await finish(database, lease)

    task = await submit(database)
    async with serving(database, wakeups, is_interrupted):
        ended = await log.wait_until_final(task.id, 30)
    assert (ended.state, ended.failures, runs) == (TaskState.DONE, 0, 6)


async def test_cancelling_reaches_the_owner_quickly(database: Database, wakeups: Wakeups, log: EventLog) -> None:
    begun = asyncio.Event()
    heard: list[float] = []

    async def run(lease: Lease, cancel: CancelSignal) -> None:
        begun.set()
        await cancel.wait()
        heard.append(time.monotonic())
        assert cancel.reason == "enough"
        await change_state(database, lease, TaskState.CANCELLED, reason=cancel.reason)

    task = await submit(database)
    async with serving(database, wakeups, run):
        await begun.wait()
        asked = time.monotonic()
        await cancel_task(database, task.id, reason="enough", request_id="x", uid=7)
        await cancel_task(database, task.id, reason="enough", request_id="x", uid=7)
        assert (await log.wait_until_final(task.id, 20)).state is TaskState.CANCELLED
    assert heard[0] - asked < 1
    again = await cancel_task(database, task.id)
    assert again.state is TaskState.CANCELLED


async def test_a_task_without_work_is_cancelled_at_once_and_can_be_retried(
    database: Database, wakeups: Wakeups, log: EventLog
) -> None:
    task = await submit(database)
    cancelled = await cancel_task(database, task.id, reason="a mistake")
    assert (cancelled.state, cancelled.next_command) == (TaskState.CANCELLED, f"octractl retry {task.id}")
    assert cancelled.note
    retried = await retry_task(database, task.id, request_id="r")
    assert await retry_task(database, task.id, request_id="r") == retried
    assert (retried.state, retried.run, retried.note) == (TaskState.QUEUED, 2, "")
    async with serving(database, wakeups, finishing(database)):
        assert (await log.wait_until_final(task.id, 20)).state is TaskState.DONE


async def test_a_begun_task_that_waits_is_given_to_an_owner_to_be_wound_up(
    database: Database, wakeups: Wakeups, log: EventLog
) -> None:
    lease = await submit_and_claim(database)

    async def work(_: Step) -> str:
        return "done"

    await Journal(database, lease).step("plan", work, result=str, role=Role.BOSS)
    await change_state(database, lease, TaskState.QUEUED)
    asked = await cancel_task(database, lease.task_id, reason="enough")
    assert (asked.state, asked.cancel_requested) == (TaskState.QUEUED, True)

    async def wind_up(lease: Lease, cancel: CancelSignal) -> None:
        assert cancel.requested
        await change_state(database, lease, TaskState.CANCELLED)

    async with serving(database, wakeups, wind_up):
        assert (await log.wait_until_final(lease.task_id, 20)).state is TaskState.CANCELLED


async def test_an_outage_in_mid_run_fails_nothing(database: Database, wakeups: Wakeups, log: EventLog) -> None:
    async def run(lease: Lease, _: CancelSignal) -> None:
        async def work(step: Step) -> str:
            await cut_connections(database)
            return step.name

        for name in ("a", "b", "c"):
            await Journal(database, lease).step(name, work, result=str, role=Role.WORKER)
        await finish(database, lease)

    async with serving(database, wakeups, run):
        task = await submit(database)
        assert (await log.wait_until_final(task.id, 60)).state is TaskState.DONE
        second = await submit(database)
        assert (await log.wait_until_final(second.id, 60)).state is TaskState.DONE
    for task_id in (task.id, second.id):
        states = [e.detail.to for e in await log.read(task_id, 0) if isinstance(e.detail, StateChanged)]
        assert states == [TaskState.QUEUED, TaskState.RUNNING, TaskState.REVIEW, TaskState.DONE]


Start = Callable[[], Awaitable[asyncio.subprocess.Process]]


def read_lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


async def wait_for_lines(path: Path, count: int) -> list[str]:
    async with asyncio.timeout(30):
        while len(lines := read_lines(path)) < count:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.01)
    return lines


async def test_killed_in_mid_task_it_resumes_at_once_and_repeats_no_finished_step(
    database: Database, dsn: str, log: EventLog, tmp_path: Path
) -> None:
    async def start() -> asyncio.subprocess.Process:
        argv = (sys.executable, "-m", "tests.integration.tasks.queue_process", dsn, str(tmp_path))
        return await asyncio.create_subprocess_exec(*argv, start_new_session=True)

    tasks = [await submit(database) for _ in range(3)]
    process = await start()
    # It started; then each task did its first step and is in its second.
    await wait_for_lines(tmp_path / "log", 1 + 2 * 3)
    for _ in range(2):
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        seen = len(read_lines(tmp_path / "log"))
        process = await start()
        lines = await wait_for_lines(tmp_path / "log", seen + 1)
        await wait_for_lines(tmp_path / "log", len(lines) + 3)
    (tmp_path / "go").touch()
    for task in tasks:
        assert (await log.wait_until_final(task.id, 30)).state is TaskState.DONE
        assert [step.attempt for step in await list_steps(database, task.id)] == [1, 1, 1]
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    done = [line for line in read_lines(tmp_path / "log") if not line.startswith("started")]
    for task in tasks:
        # The second was in flight at each kill: the same question, asked again.
        expected = [f"{task.id}/first/#1"] + [f"{task.id}/second/#1"] * 3 + [f"{task.id}/third/#1"]
        assert [line for line in done if line.startswith(task.id)] == expected


async def test_why_is_answered_for_every_stage(database: Database, wakeups: Wakeups, log: EventLog) -> None:
    async def why(task_id: TaskId) -> str:
        return (await explain_task(database, task_id, tasks_at_once=1)).answer

    first, second, third = [await submit(database) for _ in range(3)]
    assert await why(first.id) == "No octrad is serving the queue."
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def run(lease: Lease, _: CancelSignal) -> None:
        async def work(step: Step) -> str:
            begun.set()
            await go_on.wait()
            return step.name

        await Journal(database, lease).step("plan", work, result=str, role=Role.BOSS, title="Plan the work")
        await change_state(database, lease, TaskState.FAILED, reason="the checks failed")

    async with serving(database, wakeups, run, tasks_at_once=1):
        await begun.wait()
        assert await why(first.id) == "It is running: “Plan the work”, for 0 seconds."
        assert await why(second.id) == "It is the next; 1 of 1 places are taken."
        assert (await why(third.id)).startswith("It waits behind 1 other task")
        go_on.set()
        await log.wait_until_final(third.id, 30)
    assert await why(first.id) == "It failed (the checks failed)."
