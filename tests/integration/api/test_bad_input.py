"""Bad input through real gRPC: each is refused with words, a field and a mend, and leaves nothing behind."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from octra_proto.v1 import snapshots_pb2, tasks_pb2
from tests.integration.api.conftest import reason_and_field

if TYPE_CHECKING:
    from octra_proto.v1.snapshots_pb2_grpc import SnapshotServiceAsyncStub
    from octra_proto.v1.tasks_pb2_grpc import TaskServiceAsyncStub

INVALID, MISSING = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND

SUBMISSIONS: list[tuple[dict[str, Any], str, str]] = [
    ({"request": ""}, "request", "empty"),
    ({"request": "x" * 1_000_000}, "request", "1,000,000 bytes"),
    ({"request": "a\0b"}, "request", "U+0000"),
    ({"project": "My Project"}, "project", "not a name"),
    # What is written into the audit log before anybody looks at it.
    ({"project": "a\0b"}, "project", "not a name"),
    ({"project": "x" * 1_000_000}, "project", "not a name"),
    ({"request_id": "a\0b"}, "request_id", "visible ASCII"),
    ({"stack": "cobol"}, "stack", "cobol"),
    ({"model": "nobody/nothing"}, "model", "no configured provider"),
    ({"checks": ["echo 'unclosed"]}, "checks", "never closed"),
    ({"checks": ["  "]}, "checks", "empty"),
    ({"priority": 99}, "priority", "P0 to P3"),
    ({"bundle_id": "../../x"}, "bundle_id", "not one that UploadBundle gave"),
    ({"request_id": "\n"}, "request_id", "visible ASCII"),
]


@pytest.mark.parametrize(("fields", "field", "words"), SUBMISSIONS, ids=[f"{s[1]}-{s[2][:12]}" for s in SUBMISSIONS])
async def test_a_bad_submission_is_refused(
    tasks: "TaskServiceAsyncStub", fields: dict[str, Any], field: str, words: str
) -> None:
    before = await tasks.ListTasks(tasks_pb2.ListTasksRequest())
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await tasks.SubmitTask(tasks_pb2.SubmitTaskRequest(**({"request": "a todo list"} | fields)))
    assert caught.value.code() is INVALID
    assert words in (caught.value.details() or "")
    reason, hint, named = reason_and_field(caught.value)
    assert (reason, named) == ("invalid_request", field)
    assert hint
    assert await tasks.ListTasks(tasks_pb2.ListTasksRequest()) == before


async def refused(call: Any) -> grpc.aio.AioRpcError:
    async def make() -> None:
        if hasattr(call, "__aiter__"):
            async for _ in call:
                pass
        else:
            await call

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await make()
    return caught.value


@pytest.mark.parametrize("name", ["zzzzzzzzzz", "no such", "../x"])
async def test_an_unknown_task_is_not_found_by_any_method(
    tasks: "TaskServiceAsyncStub", snapshots: "SnapshotServiceAsyncStub", name: str
) -> None:
    calls = [
        tasks.GetTask(tasks_pb2.GetTaskRequest(task=name)),
        tasks.WatchTask(tasks_pb2.WatchTaskRequest(task=name)),
        tasks.CancelTask(tasks_pb2.CancelTaskRequest(task=name)),
        tasks.RetryTask(tasks_pb2.RetryTaskRequest(task=name)),
        tasks.ExplainTask(tasks_pb2.ExplainTaskRequest(task=name)),
        tasks.ReadLog(tasks_pb2.ReadLogRequest(task=name, step="check/1/1")),
        tasks.DiffTask(tasks_pb2.DiffTaskRequest(task=name)),
        snapshots.ListSnapshots(snapshots_pb2.ListSnapshotsRequest(task=name)),
    ]
    for call in calls:
        error = await refused(call)
        assert error.code() is MISSING
        assert reason_and_field(error)[:2] == ("task_not_found", "`octractl list` shows the tasks")


async def test_an_unknown_snapshot_is_not_found_by_any_method(snapshots: "SnapshotServiceAsyncStub") -> None:
    name = "zzzzzzzzzz"
    calls = [
        snapshots.VerifySnapshot(snapshots_pb2.VerifySnapshotRequest(snapshot=name)),
        snapshots.ReadSnapshot(snapshots_pb2.ReadSnapshotRequest(snapshot=name)),
        snapshots.ReadBundle(snapshots_pb2.ReadBundleRequest(snapshot=name)),
    ]
    for call in calls:
        error = await refused(call)
        assert (error.code(), reason_and_field(error)[0]) == (MISSING, "snapshot_not_found")


async def test_a_field_left_empty_is_named(
    tasks: "TaskServiceAsyncStub", snapshots: "SnapshotServiceAsyncStub"
) -> None:
    calls = {
        "task": tasks.GetTask(tasks_pb2.GetTaskRequest()),
        "snapshot": snapshots.ReadBundle(snapshots_pb2.ReadBundleRequest()),
    }
    for field, call in calls.items():
        error = await refused(call)
        assert error.code() is INVALID
        assert reason_and_field(error)[2] == field


@pytest.mark.parametrize(
    ("request_fields", "field"),
    [
        ({"page_size": -1}, "page_size"),
        ({"page_size": 201}, "page_size"),
        ({"page_token": "not ours"}, "page_token"),
        ({"states": [42]}, "states"),
        ({"project": "NOT A NAME"}, "project"),
    ],
)
async def test_a_bad_page_is_refused(tasks: "TaskServiceAsyncStub", request_fields: dict[str, Any], field: str) -> None:
    error = await refused(tasks.ListTasks(tasks_pb2.ListTasksRequest(**request_fields)))
    assert error.code() is INVALID
    assert reason_and_field(error)[2] == field


async def chunks(*parts: bytes) -> AsyncIterator[tasks_pb2.UploadBundleRequest]:
    for part in parts:
        yield tasks_pb2.UploadBundleRequest(chunk=part)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((), "empty"),
        ((b"this is no bundle",), "bundle"),
        ((b"x" * (1024 * 1024 + 1),), "a chunk has"),
        ((b"x" * 1024 * 1024,) * 5, "larger than 4,194,304"),
    ],
    ids=["nothing", "not a bundle", "large chunk", "large bundle"],
)
async def test_a_bad_bundle_is_refused(tasks: "TaskServiceAsyncStub", parts: tuple[bytes, ...], words: str) -> None:
    error = await refused(tasks.UploadBundle(chunks(*parts)))
    assert error.code() is INVALID, error.details()
    assert words in (error.details() or "")


async def test_a_message_above_four_mebibytes_is_refused(tasks: "TaskServiceAsyncStub") -> None:
    error = await refused(tasks.SubmitTask(tasks_pb2.SubmitTaskRequest(request="x" * (4 * 1024 * 1024 + 1))))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_an_unknown_method_is_not_implemented(channel: grpc.aio.Channel) -> None:
    call: Any = channel.unary_unary("/octra.v1.TaskService/Frobnicate")
    error = await refused(call(b""))
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED
