"""A daemon that is stopped in mid-task says where to go on, and who follows goes on there."""

from pathlib import Path

import grpc
import pytest

from octra_proto.v1 import tasks_pb2
from octra_proto.v1.tasks_pb2_grpc import TaskServiceStub
from tests.acceptance.soundness import asked_twice, assert_nothing_left, assert_sound
from tests.daemon import House, Rehearsal


@pytest.mark.timeout(120)
def test_followers_go_on_over_a_stop_and_a_start_and_see_each_event_once(victim: House, rehearsal: Rehearsal) -> None:
    submitting = victim.start_octractl(
        "submit", "slow", "--model", "rehearsal/slow", "--request-id", "followed", "--progress", "json"
    )
    task = victim.submit("slow", "--model", "rehearsal/slow", "--request-id", "followed")
    watching = victim.start_octractl("watch", task, "--progress", "json")
    with victim.follow(task) as following:
        following.until_step("command_output", "check/")
        assert victim.stop() == 0
        victim.start()
        following.until(lambda event: event.get("state_changed", {}).get("to") == "TASK_STATE_DONE")
    for process in (submitting, watching):
        told, complained = process.communicate(timeout=60)
        assert process.returncode == 0, complained
        numbers = [int(line.split('"seq":"')[1].split('"')[0]) for line in told.splitlines() if '"seq":"' in line]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) == len(victim.events(task))
        assert "Traceback" not in complained
    assert asked_twice(rehearsal, task) == {}
    assert_sound(victim, task)
    assert_nothing_left(victim, task)


@pytest.mark.timeout(120)
def test_a_watcher_is_told_the_number_to_resume_after(victim: House) -> None:
    task = victim.submit("slow", "--model", "rehearsal/slow")
    with grpc.insecure_channel(f"unix:{victim.socket}") as channel:
        stream = TaskServiceStub(channel).WatchTask(tasks_pb2.WatchTaskRequest(task=task), timeout=60)
        last = 0
        for message in stream:
            if message.WhichOneof("message") == "resume_after_seq":
                assert message.resume_after_seq == last
                break
            last = message.event.seq
            if message.event.step.startswith("check/") and message.event.HasField("command_started"):
                assert victim.process
                victim.process.terminate()
        else:
            pytest.fail("the stream ended without a number")
    victim.stop()
    victim.start()
    assert victim.wait(task)["state"] == "TASK_STATE_DONE"
    assert_nothing_left(victim, task)


def test_a_stop_without_work_leaves_no_process_and_a_start_finds_everything(victim: House, tmp_path: Path) -> None:
    task = victim.wait(victim.submit("quick", "--model", "rehearsal/quick"))
    assert victim.stop() == 0
    assert victim.running_processes() == []
    said = victim.octractl("list")
    assert said.exit_code == 69
    assert "hint:" in said.stderr
    victim.start()
    assert victim.show(task["id"])["task"] == task
    victim.must("restore", task["id"], str(tmp_path / "restored"))
