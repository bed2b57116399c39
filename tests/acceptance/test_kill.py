"""octrad can be killed at any moment: the task goes on, and nothing is asked, run or recorded twice."""

import random
import time

import pytest

from tests.acceptance.rehearsed import SCENARIOS
from tests.acceptance.soundness import asked_twice, assert_nothing_left, assert_sound
from tests.daemon import House, Rehearsal, wait_until

TOGETHER = ("node-web", "fix-after-failure", "conflict", "slow")
KILLS = 12
# How many of a task's questions can be in flight at once: `node-web` has so many workers.
WORKERS = 2
# The steps of `quick` in whose midst octrad is killed: what kind of event is waited for, and in which step.
MOMENTS = (
    ("step_started", "prepare"),
    ("step_finished", "plan"),
    ("step_started", "environment"),
    ("step_started", "work/builder/1/apply"),
    ("command_started", "check/1/1"),
    ("step_started", "validate/1"),
    ("step_finished", "end/1"),
    ("step_started", "snapshot/1"),
    ("step_finished", "snapshot/1"),
    ("step_started", "remove/1"),
    ("step_finished", "remove/1"),
)


def submit(daemon: House, name: str) -> str:
    request = SCENARIOS[name].request if name in SCENARIOS else name
    return daemon.submit(request, "--model", f"rehearsal/{name}")


def restart(daemon: House) -> None:
    daemon.kill()
    daemon.start()


def count_runs_of_the_check(daemon: House, task: str) -> int:
    """The check says `started` each time that it begins."""
    steps = [step["name"] for step in daemon.show(task)["steps"] if step["name"].startswith("check/")]
    return sum(daemon.must("logs", task, "--step", step).stdout.splitlines().count("started") for step in steps)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", [1])
def test_many_kills_at_any_moment_of_four_tasks_cost_nothing(victim: House, rehearsal: Rehearsal, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a schedule, not a secret
    tasks = {name: submit(victim, name) for name in TOGETHER}
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.0, 1.2))  # any moment: there is nothing to wait for
        restart(victim)
    for name, task in tasks.items():
        assert victim.wait(task)["state"] == "TASK_STATE_DONE", name
        assert asked_twice(rehearsal, task) == {}, name
        assert_sound(victim, task)
    assert count_runs_of_the_check(victim, tasks["slow"]) == 1
    assert_nothing_left(victim, *tasks.values())


@pytest.mark.timeout(240)
def test_a_kill_at_each_step_of_a_task_costs_nothing(victim: House, rehearsal: Rehearsal) -> None:
    tasks = []
    for kind, step in MOMENTS:
        tasks.append(task := submit(victim, "quick"))
        with victim.follow(task) as following:
            following.until_step(kind, step)
            restart(victim)
        assert victim.wait(task)["state"] == "TASK_STATE_DONE", (kind, step)
        assert asked_twice(rehearsal, task) == {}, (kind, step)
        assert count_runs_of_the_check(victim, task) == 1, (kind, step)
        assert_sound(victim, task)
    assert_nothing_left(victim, *tasks)


@pytest.mark.timeout(120)
def test_a_kill_right_after_submit_loses_no_task(victim: House) -> None:
    tasks = []
    for _ in range(3):
        tasks.append(submit(victim, "quick"))
        restart(victim)
    assert {victim.wait(task)["state"] for task in tasks} == {"TASK_STATE_DONE"}
    assert_nothing_left(victim, *tasks)


@pytest.mark.timeout(120)
def test_a_model_call_in_flight_is_attached_to(victim: House, rehearsal: Rehearsal) -> None:
    task = submit(victim, "thinking")
    wait_until(lambda: "plan" in {row["step"] for row in rehearsal.requests(task)}, 60, "the model is asked for a plan")
    restart(victim)
    assert victim.wait(task)["state"] == "TASK_STATE_DONE"
    assert asked_twice(rehearsal, task) == {}


@pytest.mark.timeout(120)
def test_a_model_call_of_a_killed_gateway_is_made_again_and_no_other(victim: House, rehearsal: Rehearsal) -> None:
    task = submit(victim, "thinking")
    wait_until(lambda: "plan" in {row["step"] for row in rehearsal.requests(task)}, 60, "the model is asked for a plan")
    victim.kill_servants()
    assert victim.wait(task)["state"] == "TASK_STATE_DONE"
    assert asked_twice(rehearsal, task) == {"plan": 2}
    assert_sound(victim, task)
    assert_nothing_left(victim, task)


@pytest.mark.timeout(120)
def test_a_kill_while_a_cancelled_task_is_wound_up_still_ends_it_cancelled(victim: House) -> None:
    tasks = []
    for kind, step in (("step_started", "end/1"), ("step_started", "snapshot/1"), ("step_finished", "remove/1")):
        tasks.append(task := submit(victim, "slow"))
        with victim.follow(task) as following:
            following.until_step("command_started", "check/")
            cancelling = victim.start_octractl("cancel", task, "--reason", "no longer wanted")
            following.until_step(kind, step)
            restart(victim)
        cancelling.communicate(timeout=60)
        ended = victim.wait(task)
        assert ended["state"] == "TASK_STATE_CANCELLED", (kind, step)
        assert "no longer wanted" in ended["note"]
        assert ended["store_path"]
    assert_nothing_left(victim, *tasks)


@pytest.mark.timeout(120)
def test_all_three_killed_does_only_what_was_in_flight_again(victim: House, rehearsal: Rehearsal) -> None:
    task = submit(victim, "slow")
    with victim.follow(task) as following:
        following.until_step("command_output", "check/")
        victim.kill()
        victim.kill_servants()
        victim.start()
        following.until_step("command_output", "check/")
    assert victim.wait(task)["state"] == "TASK_STATE_DONE"
    assert asked_twice(rehearsal, task) == {}
    assert_sound(victim, task)
    assert_nothing_left(victim, task)


@pytest.mark.timeout(120)
def test_killed_servants_alone_do_only_what_was_in_flight_again(victim: House, rehearsal: Rehearsal) -> None:
    task = submit(victim, "slow")
    with victim.follow(task) as following:
        following.until_step("command_output", "check/")
        victim.kill_servants()
    assert victim.wait(task)["state"] == "TASK_STATE_DONE"
    assert asked_twice(rehearsal, task) == {}
    assert_nothing_left(victim, task)


@pytest.mark.timeout(180)
def test_a_machine_that_stops_and_comes_back_loses_nothing(victim: House, rehearsal: Rehearsal) -> None:
    """octrad, servants and PostgreSQL are killed at once, as when the power goes, twice."""
    tasks = {name: submit(victim, name) for name in ("node-web", "slow")}
    chance = random.Random(7)  # noqa: S311 - a schedule, not a secret
    for _ in range(2):
        time.sleep(chance.uniform(1.0, 4.0))
        victim.kill()
        victim.kill_servants()
        victim.kill_postgres()
        victim.start()
    for name, task in tasks.items():
        assert victim.wait(task)["state"] == "TASK_STATE_DONE", name
        # Only calls that were in flight when the gateway itself was killed are made again: at most one a worker.
        again = asked_twice(rehearsal, task)
        assert sum(count - 1 for count in again.values()) <= 2 * WORKERS, again
        assert_sound(victim, task)
    assert_nothing_left(victim, *tasks.values())
