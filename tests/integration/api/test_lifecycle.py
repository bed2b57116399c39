"""A task from its submission to its end, through the API alone."""

import asyncio
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest

from octra_proto.v1 import events_pb2, snapshots_pb2, states_pb2, tasks_pb2
from tests.daemon import House, Rehearsal, processes_naming
from tests.integration.api.conftest import reason_and_field

if TYPE_CHECKING:
    from octra_proto.v1.snapshots_pb2_grpc import SnapshotServiceAsyncStub
    from octra_proto.v1.tasks_pb2_grpc import TaskServiceAsyncStub

DEADLINE_S = 100.0
SLOW = "rehearsal/slow"
pytestmark = pytest.mark.timeout(150)


async def submit(tasks: "TaskServiceAsyncStub", **fields: object) -> tasks_pb2.Task:
    request = tasks_pb2.SubmitTaskRequest(**({"request": "a command line todo list"} | fields))  # type: ignore[arg-type] # fields of any type
    return (await tasks.SubmitTask(request)).task


async def watch(tasks: "TaskServiceAsyncStub", task: str, after_seq: int = 0) -> list[events_pb2.Event]:
    call = tasks.WatchTask(tasks_pb2.WatchTaskRequest(task=task, after_seq=after_seq), timeout=DEADLINE_S)
    return [message.event async for message in call]


async def until_command(tasks: "TaskServiceAsyncStub", task: str) -> int:
    """Waits until the task's check says something; returns the number of that event."""
    async for message in tasks.WatchTask(tasks_pb2.WatchTaskRequest(task=task), timeout=DEADLINE_S):
        if message.event.HasField("command_output") and "started" in message.event.command_output.text:
            return message.event.seq
    raise AssertionError("the watch ended before the check said anything")


@pytest.fixture
async def done(tasks: "TaskServiceAsyncStub") -> tasks_pb2.GetTaskResponse:
    """A finished task; the same for every test, because its request id is."""
    task = await submit(tasks, request_id="the-finished-task", checks=["test -f README.md"])
    await watch(tasks, task.id)
    return await tasks.GetTask(tasks_pb2.GetTaskRequest(task=task.id))


async def test_a_task_is_done_proved_and_accounted_for(done: tasks_pb2.GetTaskResponse) -> None:
    task = done.task
    assert states_pb2.TaskState.Name(task.state) == "TASK_STATE_DONE", task
    assert task.rehearsal
    assert task.stack == "python"
    assert task.grade in {1, 2}
    assert task.snapshot_id
    assert await asyncio.to_thread(Path(task.store_path).is_dir)
    assert task.input_tokens > 0
    assert {"prepare", "grade", "plan", "environment", "validate/1"} <= {step.name for step in done.steps}
    assert all(step.state == "finished" for step in done.steps)
    assert {call.outcome for call in done.model_calls} == {"ok"}
    assert "test -f README.md" in {proof.command for proof in done.evidence}


async def test_a_watch_can_be_taken_up_after_any_event(
    tasks: "TaskServiceAsyncStub", done: tasks_pb2.GetTaskResponse
) -> None:
    events = await watch(tasks, done.task.id)
    assert [event.seq for event in events] == list(range(1, done.task.last_seq + 1))
    for after in (1, len(events) // 2, len(events) - 1, len(events)):
        assert await watch(tasks, done.task.id, after) == events[after:]


@pytest.mark.parametrize("after_seq", [-1, 1_000_000])
async def test_a_watch_after_an_event_that_cannot_be_is_refused(
    tasks: "TaskServiceAsyncStub", done: tasks_pb2.GetTaskResponse, after_seq: int
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await watch(tasks, done.task.id, after_seq)
    assert reason_and_field(caught.value)[2] == "after_seq"


async def test_a_log_is_read_in_pages(tasks: "TaskServiceAsyncStub", done: tasks_pb2.GetTaskResponse) -> None:
    step = next(step.name for step in done.steps if step.has_log and step.name.startswith("check/"))
    whole = await tasks.ReadLog(tasks_pb2.ReadLogRequest(task=done.task.id, step=step))
    assert whole.complete
    read, offset = b"", 0
    while offset < len(whole.chunk):
        page = await tasks.ReadLog(
            tasks_pb2.ReadLogRequest(task=done.task.id, step=step, offset=offset, limit_bytes=100)
        )
        assert len(page.chunk) <= 100
        read, offset = read + page.chunk, page.next_offset
    assert read == whole.chunk
    assert b"Ran " in read


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"step": ""}, "step"), ({"offset": -1}, "offset"), ({"limit_bytes": 2**20 + 1}, "limit_bytes")],
)
async def test_a_bad_page_of_a_log_is_refused(
    tasks: "TaskServiceAsyncStub", done: tasks_pb2.GetTaskResponse, fields: dict[str, object], field: str
) -> None:
    request = tasks_pb2.ReadLogRequest(**({"task": done.task.id, "step": "check/1/1"} | fields))  # type: ignore[arg-type] # fields of any type
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await tasks.ReadLog(request)
    assert reason_and_field(caught.value)[2] == field


async def test_a_step_without_a_log_has_none(tasks: "TaskServiceAsyncStub", done: tasks_pb2.GetTaskResponse) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await tasks.ReadLog(tasks_pb2.ReadLogRequest(task=done.task.id, step="plan"))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_diff_shows_what_the_task_made(tasks: "TaskServiceAsyncStub", done: tasks_pb2.GetTaskResponse) -> None:
    parts = [part.chunk async for part in tasks.DiffTask(tasks_pb2.DiffTaskRequest(task=done.task.id))]
    assert b"+++ b/README.md" in b"".join(parts)
    same = tasks_pb2.DiffTaskRequest(task=done.task.id, other_task=done.task.id)
    assert b"".join([part.chunk async for part in tasks.DiffTask(same)]) == b""


async def test_a_snapshot_is_listed_verified_and_read(
    snapshots: "SnapshotServiceAsyncStub", done: tasks_pb2.GetTaskResponse, tmp_path: Path
) -> None:
    listed = await snapshots.ListSnapshots(snapshots_pb2.ListSnapshotsRequest(task=done.task.id))
    assert [snapshot.id for snapshot in listed.snapshots] == [done.task.snapshot_id]
    verified = await snapshots.VerifySnapshot(snapshots_pb2.VerifySnapshotRequest(snapshot=done.task.id))
    assert verified.snapshot == listed.snapshots[0]
    assert not verified.snapshot.partial
    read = [
        part async for part in snapshots.ReadSnapshot(snapshots_pb2.ReadSnapshotRequest(snapshot=done.task.snapshot_id))
    ]
    assert read[0].snapshot == listed.snapshots[0]
    assert b"nix-archive-1" in b"".join(part.chunk for part in read)[:64]
    bundle = tmp_path / "bundle"
    request = snapshots_pb2.ReadBundleRequest(snapshot=done.task.id)
    bundle.write_bytes(b"".join([part.chunk async for part in snapshots.ReadBundle(request)]))
    cloned = subprocess.run(["git", "clone", "-q", str(bundle), str(tmp_path / "c")], check=False, timeout=60)  # noqa: ASYNC221 - nothing else runs
    assert cloned.returncode == 0
    assert (tmp_path / "c" / "README.md").is_file()


async def test_a_list_is_paged_newest_first(tasks: "TaskServiceAsyncStub", done: tasks_pb2.GetTaskResponse) -> None:
    assert done.task.id
    seen: list[str] = []
    token, pages = "", 0
    while token or not pages:
        page = await tasks.ListTasks(tasks_pb2.ListTasksRequest(page_size=1, page_token=token))
        seen += [task.id for task in page.tasks]
        token, pages = page.next_page_token, pages + 1
    everything = await tasks.ListTasks(tasks_pb2.ListTasksRequest(page_size=200))
    assert seen == [task.id for task in everything.tasks]
    only_done = tasks_pb2.ListTasksRequest(states=[states_pb2.TASK_STATE_DONE])
    assert done.task.id in {task.id for task in (await tasks.ListTasks(only_done)).tasks}


async def test_a_repeated_submission_is_one_task(
    tasks: "TaskServiceAsyncStub", done: tasks_pb2.GetTaskResponse, rehearsal: Rehearsal
) -> None:
    again = await submit(tasks, request_id="the-finished-task", checks=["test -f README.md"])
    assert again.id == done.task.id
    assert len(rehearsal.requests(done.task.id)) == len(done.model_calls)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await submit(tasks, request_id="the-finished-task", request="something else")
    assert reason_and_field(caught.value)[2] == "request_id"


async def test_cancelling_in_mid_command_leaves_no_process_and_a_snapshot(
    tasks: "TaskServiceAsyncStub", octrad: House
) -> None:
    task = await submit(tasks, model=SLOW)
    await until_command(tasks, task.id)
    request = tasks_pb2.CancelTaskRequest(task=task.id[:6], reason="enough", request_id=str(uuid.uuid4()))
    ended = (await tasks.CancelTask(request, timeout=30)).task
    assert not [words for _, words in processes_naming(octrad.base) if task.id in words]
    assert states_pb2.TaskState.Name(ended.state) == "TASK_STATE_CANCELLED"
    assert ended.note
    assert await asyncio.to_thread(Path(ended.store_path).is_dir)
    assert (await tasks.CancelTask(request)).task == ended


async def test_a_retried_task_goes_on(tasks: "TaskServiceAsyncStub") -> None:
    task = await submit(tasks, model=SLOW)
    await until_command(tasks, task.id)
    await tasks.CancelTask(tasks_pb2.CancelTaskRequest(task=task.id))
    request = tasks_pb2.RetryTaskRequest(task=task.id, request_id=str(uuid.uuid4()))
    retried = (await tasks.RetryTask(request)).task
    assert retried.state in {states_pb2.TASK_STATE_QUEUED, states_pb2.TASK_STATE_RUNNING}
    assert (await tasks.RetryTask(request)).task.id == task.id
    await tasks.CancelTask(tasks_pb2.CancelTaskRequest(task=task.id))


async def test_only_what_failed_or_was_cancelled_is_retried(
    tasks: "TaskServiceAsyncStub", done: tasks_pb2.GetTaskResponse
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await tasks.RetryTask(tasks_pb2.RetryTaskRequest(task=done.task.id))
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_an_explanation_is_one_answer(tasks: "TaskServiceAsyncStub", done: tasks_pb2.GetTaskResponse) -> None:
    answer = await tasks.ExplainTask(tasks_pb2.ExplainTaskRequest(task=done.task.id))
    assert answer.answer


async def test_watchers_that_stall_or_vanish_do_not_slow_the_work(tasks: "TaskServiceAsyncStub") -> None:
    task = await submit(tasks)
    for _ in range(20):
        stalled = tasks.WatchTask(tasks_pb2.WatchTaskRequest(task=task.id))
        await anext(aiter(stalled))
    vanished = tasks.WatchTask(tasks_pb2.WatchTaskRequest(task=task.id))
    vanished.cancel()
    async with asyncio.timeout(DEADLINE_S):
        events = await watch(tasks, task.id)
    assert events[-1].state_changed.to == states_pb2.TASK_STATE_DONE
