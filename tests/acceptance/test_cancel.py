"""A cancelled task stops at once, wherever it is, and leaves its partial work and a note."""

import time
from pathlib import Path

import pytest

from tests.acceptance.rehearsed import SCENARIOS
from tests.acceptance.soundness import assert_nothing_left
from tests.acceptance.test_ends import assert_kept
from tests.daemon import House, Rehearsal, config_for, descendants, house, living, processes_naming, wait_until

# A task that is in its command, in its model call, in its snapshot; by the event that says so.
IN_COMMAND = ("slow", "command_output", "check/")
IN_MODEL_CALL = ("thinking", "step_started", "plan")
IN_ENVIRONMENT = ("slow", "step_started", "environment")
BETWEEN_STEPS = ("slow", "step_finished", "work/builder/1/apply")


def processes_of(task: str) -> list[tuple[int, str]]:
    """The living processes of a task's sandbox and tree; not the octractl that speaks of it."""
    return [found for found in processes_naming(Path(task)) if "octractl" not in found[1]]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("moment", [IN_COMMAND, IN_MODEL_CALL, IN_ENVIRONMENT, BETWEEN_STEPS], ids=lambda it: it[2])
def test_cancelled_task_leaves_no_process_within_two_seconds_and_its_work_in_a_snapshot(
    daemon: House, moment: tuple[str, str, str], tmp_path: Path
) -> None:
    scenario, kind, step = moment
    task_id = daemon.submit(scenario, "--model", f"rehearsal/{scenario}")
    with daemon.follow(task_id) as following:
        following.until_step(kind, step)
        commands = {child for pid, _ in processes_of(task_id) for child in (pid, *descendants(pid))}
        assert commands or step != "check/"
        cancelling = daemon.start_octractl("cancel", task_id, "--reason", "no longer wanted")
        wait_until(lambda: not (processes_of(task_id) or living(commands)), 2, "no process of the task is left")
        assert cancelling.communicate(timeout=30)[0].startswith(f"task {task_id} cancelled")
        assert cancelling.returncode == 0
    task = daemon.show(task_id)["task"]
    assert task["state"] == "TASK_STATE_CANCELLED"
    assert "no longer wanted" in task["note"]
    assert task["next_command"] == f"octractl retry {task_id}"
    assert_kept(daemon, task, tmp_path / "restored")


def test_cancelling_when_all_is_proved_ends_either_way_and_leaves_nothing(daemon: House) -> None:
    """In the snapshot the end is settled: what was done stays done."""
    task = daemon.submit("quick", "--model", "rehearsal/quick")
    with daemon.follow(task) as following:
        following.until_step("step_started", "snapshot/1")
        daemon.must("cancel", task)
    ended = daemon.show(task)["task"]
    assert ended["state"] == "TASK_STATE_DONE"
    assert ended["store_path"]


@pytest.mark.timeout(120)
def test_cancelling_at_any_moment_leaves_no_process_and_no_tree(daemon: House) -> None:
    """At moments 0.15 s apart, in the midst of seven tasks at once; nothing is waited for in between."""
    tasks = [daemon.submit("quick", "--model", "rehearsal/quick") for _ in range(7)]
    for task in tasks:
        time.sleep(0.15)
        daemon.must("cancel", task)
        wait_until(lambda task=task: not processes_of(task), 2, "no process of the task is left")
        assert daemon.show(task)["task"]["state"] in {"TASK_STATE_CANCELLED", "TASK_STATE_DONE"}
    assert not [task for task in tasks if processes_of(task)]
    assert not [left for left in daemon.left_behind(tasks) if "trees/" in left]


@pytest.mark.timeout(120)
def test_queued_task_is_cancelled_and_why_says_what_it_waited_for(rehearsal: Rehearsal) -> None:
    with house(config_for(rehearsal, extra="[limits]\ntasks_at_once = 1\n")) as narrow:
        running = narrow.submit("slow", "--model", "rehearsal/slow")
        with narrow.follow(running) as following:
            following.until_step("step_started", "")
        waiting = [narrow.submit("quick", "--model", "rehearsal/quick") for _ in range(3)]
        why = narrow.must("why", waiting[1], "--json").json
        assert "1" in why["answer"]
        assert narrow.show(waiting[1])["task"]["state"] == "TASK_STATE_QUEUED"
        for task in (waiting[1], waiting[1]):
            narrow.must("cancel", task)
            assert narrow.show(task)["task"]["state"] == "TASK_STATE_CANCELLED"
        assert narrow.show(waiting[1])["task"]["note"]
        narrow.must("cancel", running)
        assert narrow.wait(waiting[0])["state"] == "TASK_STATE_DONE"
        assert narrow.wait(waiting[2])["state"] == "TASK_STATE_DONE"
        assert not narrow.must("show", waiting[1], "--json").json["steps"]
        assert_nothing_left(narrow, running, *waiting)


def test_cancelling_twice_and_after_the_end_changes_nothing_and_says_how_it_ended(daemon: House) -> None:
    task = daemon.wait(daemon.submit(SCENARIOS["python-cli"].request))
    said = daemon.must("cancel", task["id"])
    assert said.stdout.startswith(f"task {task['id']} done")
    assert daemon.show(task["id"])["task"] == task
    slow = daemon.submit("slow", "--model", "rehearsal/slow")
    with daemon.follow(slow) as following:
        following.until_step("command_started", "check/")
    at_once = [daemon.start_octractl("cancel", slow) for _ in range(3)]
    assert [process.wait(60) for process in at_once] == [0, 0, 0]
    for process in at_once:
        assert process.communicate()[0].startswith(f"task {slow} cancelled")
    last_seq = daemon.show(slow)["task"]["last_seq"]
    daemon.must("cancel", slow)
    assert daemon.show(slow)["task"]["last_seq"] == last_seq
