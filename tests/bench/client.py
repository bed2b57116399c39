"""What a user waits for at the command line, and what the daemon costs while it does nothing."""

import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import grpc

from octra_proto.v1 import tasks_pb2
from octra_proto.v1.tasks_pb2_grpc import TaskServiceStub
from tests.bench.figures import Figure
from tests.bench.timing import in_turn, run
from tests.daemon import ROOT, House

REPEATS = 15


def measure(daemon: House) -> Iterator[Figure]:
    assert daemon.process
    yield Figure("octrad's memory, idle", resident_mb(daemon.process.pid), "MB", "absolute", 80)
    yield list_as_a_process(daemon)
    yield first_event(daemon)


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kilobytes) / 1024


def list_as_a_process(daemon: House) -> Figure:
    times = in_turn(
        lambda: run([sys.executable, "-m", "octractl", "--socket", daemon.socket, "list"], cwd=ROOT),
        lambda: run([sys.executable, "-c", "import grpc"], cwd=ROOT),
        REPEATS,
    )
    return Figure(
        "`octractl list` as a process", times.ours, "ms", "ratio", 1.5, "`python -c 'import grpc'`", times.reference
    )


def first_event(daemon: House) -> Figure:
    """From the submission to the first event in the client's hands, over a connection that is open."""
    times = []
    with grpc.insecure_channel(f"unix:{daemon.socket}") as channel:
        stub = TaskServiceStub(channel)
        for _ in range(REPEATS):
            started = time.perf_counter()
            submitted = stub.SubmitTask(tasks_pb2.SubmitTaskRequest(request="A note", request_id=str(uuid.uuid4())))
            watch = stub.WatchTask(tasks_pb2.WatchTaskRequest(task=submitted.task.id))
            next(iter(watch))
            times.append((time.perf_counter() - started) * 1000)
            watch.cancel()
            stub.CancelTask(tasks_pb2.CancelTaskRequest(task=submitted.task.id))
    return Figure("submit → first event at the client", sorted(times)[len(times) // 2], "ms", "absolute", 50)
