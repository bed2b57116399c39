# ruff: noqa: N802 - methods are named by the protocol
"""A gRPC server for the client's own edge cases: what it says is scripted, how it says it is real gRPC.

What octractl does against octrad itself is tested through the whole daemon, not here.
"""

import hashlib
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from octra_proto.v1 import (
    events_pb2,
    snapshots_pb2,
    snapshots_pb2_grpc,
    states_pb2,
    system_pb2,
    system_pb2_grpc,
    tasks_pb2_grpc,
)
from octra_proto.v1 import tasks_pb2 as pb

TASK = "k7f3bcdfgh"


def event(seq: int, text: str) -> events_pb2.Event:
    remark = events_pb2.Remarked(text=text)
    return events_pb2.Event(task_id=TASK, seq=seq, at=Timestamp(seconds=seq), role="boss", remarked=remark)


def task(state: "states_pb2.TaskState.ValueType", **fields: object) -> pb.Task:
    return pb.Task(id=TASK, title="A \x1b[2Jtodo list", request="a todo list", state=state, **fields)  # type: ignore[arg-type] # one of many


def refuse(context: grpc.ServicerContext, code: int, message: str, *details: object) -> None:
    status = status_pb2.Status(code=code, message=message)
    for detail in details:
        packed = Any()
        packed.Pack(detail)  # type: ignore[arg-type] # messages all
        status.details.append(packed)
    context.abort_with_status(rpc_status.to_status(status))


@dataclass
class Tasks(tasks_pb2_grpc.TaskServiceServicer):
    """One task. `streams` says what each WatchTask does, one after the other."""

    task: pb.Task = field(default_factory=lambda: task(states_pb2.TASK_STATE_DONE))
    streams: list[Callable[[int, grpc.ServicerContext], Iterator[pb.WatchTaskResponse]]] = field(default_factory=list)
    asked_after: list[int] = field(default_factory=list)
    submitted: list[pb.SubmitTaskRequest] = field(default_factory=list)
    lose_submits: int = 0
    uploaded: bytes = b""
    log: bytes = b""
    listed: list[int] = field(default_factory=list)

    def SubmitTask(self, request: pb.SubmitTaskRequest, context: grpc.ServicerContext) -> pb.SubmitTaskResponse:
        self.submitted.append(request)
        if not request.request:
            refuse(
                context, code_pb2.INVALID_ARGUMENT, "it is empty",
                error_details_pb2.ErrorInfo(reason="invalid_request", metadata={"hint": "say what to build"}),
                error_details_pb2.BadRequest(
                    field_violations=[error_details_pb2.BadRequest.FieldViolation(field="request")]),
            )  # fmt: skip
        if len(self.submitted) <= self.lose_submits:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the answer was lost")
        return pb.SubmitTaskResponse(task=self.task)

    def UploadBundle(
        self, request_iterator: Iterator[pb.UploadBundleRequest], context: grpc.ServicerContext
    ) -> pb.UploadBundleResponse:
        del context
        self.uploaded = b"".join(part.chunk for part in request_iterator)
        return pb.UploadBundleResponse(bundle_id="bundle1", size_bytes=len(self.uploaded))

    def GetTask(self, request: pb.GetTaskRequest, context: grpc.ServicerContext) -> pb.GetTaskResponse:
        if not TASK.startswith(request.task):
            refuse(context, code_pb2.NOT_FOUND, f"no task `{request.task}`",
                   error_details_pb2.ErrorInfo(reason="not_found", metadata={"hint": "octractl list"}))  # fmt: skip
        return pb.GetTaskResponse(task=self.task)

    def ListTasks(self, request: pb.ListTasksRequest, context: grpc.ServicerContext) -> pb.ListTasksResponse:
        del context
        self.listed.append(request.page_size)
        rest = int(request.page_token or 450) - request.page_size
        token = str(rest) if rest > 0 else ""
        return pb.ListTasksResponse(tasks=[self.task] * min(request.page_size, 450), next_page_token=token)

    def WatchTask(self, request: pb.WatchTaskRequest, context: grpc.ServicerContext) -> Iterator[pb.WatchTaskResponse]:
        self.asked_after.append(request.after_seq)
        yield from self.streams.pop(0)(request.after_seq, context)

    def ReadLog(self, request: pb.ReadLogRequest, context: grpc.ServicerContext) -> pb.ReadLogResponse:
        del context
        end = min(request.offset + 7, len(self.log))
        chunk = self.log[request.offset : end]
        return pb.ReadLogResponse(chunk=chunk, next_offset=end, complete=end == len(self.log))


@dataclass
class Snapshots(snapshots_pb2_grpc.SnapshotServiceServicer):
    """One snapshot, of a directory."""

    snapshot: snapshots_pb2.Snapshot = field(default_factory=snapshots_pb2.Snapshot)
    tree: Path = Path()
    bundle: Path = Path()
    is_damaged: bool = False
    cut_stream: bool = False
    # Set once somebody asked for the check; the check goes on when `may_verify` is set.
    verifying: threading.Event = field(default_factory=threading.Event)
    may_verify: threading.Event = field(default_factory=threading.Event)

    def take(self, tree: Path, **fields: object) -> None:
        nar_hash = hashlib.sha256(dump(tree)).hexdigest()
        self.tree = tree
        self.may_verify.set()
        self.snapshot = snapshots_pb2.Snapshot(
            id="snapbcdfgh", task_id=TASK, store_path=str(tree), nar_hash=f"sha256:{nar_hash}", size_bytes=1234,
            **fields,  # type: ignore[arg-type] # one of many
        )  # fmt: skip

    def VerifySnapshot(
        self, request: snapshots_pb2.VerifySnapshotRequest, context: grpc.ServicerContext
    ) -> snapshots_pb2.VerifySnapshotResponse:
        if not request.lookup_only:
            self.verifying.set()
            self.may_verify.wait(30)
            if self.is_damaged:
                reason = error_details_pb2.ErrorInfo(reason="snapshot_damaged", domain="octra")
                refuse(context, code_pb2.FAILED_PRECONDITION, "the snapshot is damaged", reason)
        return snapshots_pb2.VerifySnapshotResponse(snapshot=self.snapshot)

    def ReadSnapshot(
        self, request: snapshots_pb2.ReadSnapshotRequest, context: grpc.ServicerContext
    ) -> Iterator[snapshots_pb2.ReadSnapshotResponse]:
        del request, context
        archive = dump(self.tree)
        yield snapshots_pb2.ReadSnapshotResponse(snapshot=self.snapshot)
        for at in range(0, len(archive) // 2 if self.cut_stream else len(archive), 1000):
            yield snapshots_pb2.ReadSnapshotResponse(chunk=archive[at : at + 1000])

    def ReadBundle(
        self, request: snapshots_pb2.ReadBundleRequest, context: grpc.ServicerContext
    ) -> Iterator[snapshots_pb2.ReadBundleResponse]:
        del request, context
        yield snapshots_pb2.ReadBundleResponse(chunk=self.bundle.read_bytes())


class System(system_pb2_grpc.SystemServiceServicer):
    """A version and no more."""

    def GetStatus(
        self, request: system_pb2.GetStatusRequest, context: grpc.ServicerContext
    ) -> system_pb2.GetStatusResponse:
        del request, context
        return system_pb2.GetStatusResponse(version="9.9.9", state_dir="/somewhere")


def dump(tree: Path) -> bytes:
    return subprocess.run(["nix-store", "--dump", tree], check=True, capture_output=True, timeout=60).stdout


class Daemon:
    """The scripted server on a socket; it can go away and come back."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.tasks = Tasks()  # type: ignore[abstract] # what is not scripted is unimplemented
        self.snapshots = Snapshots()  # type: ignore[abstract] # what is not scripted is unimplemented
        self.start()

    def start(self) -> None:
        self._server = grpc.server(ThreadPoolExecutor(8))
        tasks_pb2_grpc.add_TaskServiceServicer_to_server(self.tasks, self._server)
        snapshots_pb2_grpc.add_SnapshotServiceServicer_to_server(self.snapshots, self._server)
        system = System()  # type: ignore[abstract] # as above
        system_pb2_grpc.add_SystemServiceServicer_to_server(system, self._server)
        self._server.add_insecure_port(f"unix:{self.socket}")
        self._server.start()

    def stop(self) -> None:
        self._server.stop(0).wait(10)
