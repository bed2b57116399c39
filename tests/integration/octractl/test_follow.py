import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from octra_proto.v1 import states_pb2
from octra_proto.v1.tasks_pb2 import WatchTaskResponse
from octractl.client import Client
from octractl.errors import OctractlError
from octractl.exit_codes import ExitCode
from octractl.follow import Follower
from tests.integration.octractl.conftest import Octractl
from tests.integration.octractl.daemon import TASK, Daemon, event, task

Stream = Iterator[WatchTaskResponse]


def one_then_break(after_seq: int, context: grpc.ServicerContext) -> Stream:
    yield WatchTaskResponse(event=event(after_seq + 1, f"event {after_seq + 1}"))
    context.abort(grpc.StatusCode.UNAVAILABLE, "gone")


def one_then_resume(after_seq: int, _: grpc.ServicerContext) -> Stream:
    yield WatchTaskResponse(event=event(after_seq + 1, f"event {after_seq + 1}"))
    yield WatchTaskResponse(resume_after_seq=after_seq + 1)


def the_last(after_seq: int, _: grpc.ServicerContext) -> Stream:
    yield WatchTaskResponse(event=event(after_seq, "told twice"))
    yield WatchTaskResponse(event=event(after_seq + 1, f"event {after_seq + 1}"))


def test_each_event_is_read_once_across_breaks_and_resumes(daemon: Daemon) -> None:
    daemon.tasks.streams = [one_then_break, one_then_resume, one_then_break, the_last]
    waits: list[str] = []
    with Client(str(daemon.socket)) as client:
        events = list(Follower(client, TASK, on_wait=lambda: waits.append("lost")).events())
    assert [one.seq for one in events] == [1, 2, 3, 4]
    assert daemon.tasks.asked_after == [0, 1, 2, 3]
    assert waits == ["lost", "lost"]


def test_follows_through_a_restart_of_the_daemon(daemon: Daemon) -> None:
    is_open = threading.Event()

    def one_then_wait(after_seq: int, context: grpc.ServicerContext) -> Stream:
        yield WatchTaskResponse(event=event(after_seq + 1, "before"))
        stopped = threading.Event()
        context.add_callback(stopped.set)
        is_open.set()
        stopped.wait(30)

    def restart() -> None:
        is_open.wait(30)
        daemon.stop()
        daemon.start()

    daemon.tasks.streams = [one_then_wait, the_last]
    restarting = threading.Thread(target=restart)
    restarting.start()
    with Client(str(daemon.socket)) as client:
        texts = [one.remarked.text for one in Follower(client, TASK).events()]
    restarting.join(30)
    assert texts == ["before", "event 2"]


def test_gives_up_when_the_daemon_stays_away(daemon: Daemon) -> None:
    daemon.stop()
    with Client(str(daemon.socket)) as client, pytest.raises(OctractlError) as caught:
        list(Follower(client, TASK, reconnect_for_s=0.5).events())
    assert caught.value.exit_code == ExitCode.UNAVAILABLE
    assert f"octractl watch {TASK}" in caught.value.hint


def test_refusal_is_not_retried(daemon: Daemon) -> None:
    def refuse(_: int, context: grpc.ServicerContext) -> Stream:
        context.abort(grpc.StatusCode.NOT_FOUND, "no such task")
        yield WatchTaskResponse()

    daemon.tasks.streams = [refuse]
    with Client(str(daemon.socket)) as client, pytest.raises(OctractlError, match="no such task"):
        list(Follower(client, TASK).events())


@pytest.mark.parametrize(
    ("state", "exit_code"), [(states_pb2.TASK_STATE_DONE, 0), (states_pb2.TASK_STATE_FAILED, ExitCode.FAILED)]
)
def test_submit_exits_0_only_when_the_task_is_done(
    daemon: Daemon, octractl: Octractl, state: "states_pb2.TaskState.ValueType", exit_code: int
) -> None:
    daemon.tasks.task = task(state, rehearsal=True, snapshot_id="snap1", store_path="/nix/store/x", note="A note.")
    daemon.tasks.streams = [the_last]
    done = octractl("submit", "a todo list", "--check", "true", "--priority", "p0")
    assert done.returncode == exit_code, done.stderr
    assert "[rehearsal]" in done.stdout
    assert f"octractl restore {TASK}" in done.stdout
    assert "00:00:01  boss                event 1" in done.stderr


def test_json_progress_is_an_event_a_line_on_stdout(daemon: Daemon, octractl: Octractl) -> None:
    daemon.tasks.streams = [one_then_resume, the_last]
    done = octractl("watch", TASK[:4], "--progress", "json")
    assert done.returncode == 0
    assert [json.loads(line)["seq"] for line in done.stdout.splitlines()] == ["1", "2"]
    assert not done.stderr


def test_interrupt_stops_following_and_says_how_to_go_on(daemon: Daemon, tmp_path: Path) -> None:
    is_open = threading.Event()

    def wait(_: int, context: grpc.ServicerContext) -> Stream:
        yield WatchTaskResponse(event=event(1, "begun"))
        stopped = threading.Event()
        context.add_callback(stopped.set)
        is_open.set()
        stopped.wait(30)

    daemon.tasks.streams = [wait]
    process = subprocess.Popen(
        [sys.executable, "-m", "octractl", "--socket", daemon.socket, "watch", TASK],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=os.environ,
    )  # fmt: skip
    assert process.stderr
    first = process.stderr.readline()
    is_open.wait(30)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == ExitCode.INTERRUPTED
    assert "begun" in first
    assert f"octractl --socket {daemon.socket} watch {TASK}" in stderr
    assert not stdout


def test_lost_answer_is_asked_again_with_the_same_request_id(daemon: Daemon, octractl: Octractl) -> None:
    daemon.tasks.lose_submits = 2
    done = octractl("submit", "--detach", "a todo list", "--model", "a/b,c/d")
    assert (done.returncode, done.stdout) == (0, f"{TASK}\n")
    assert len(daemon.tasks.submitted) == 3
    assert len({one.request_id for one in daemon.tasks.submitted} - {""}) == 1
