"""octrad can be killed at any moment: the task goes on, and nothing is asked or run twice."""

import random
from collections import Counter

import pytest

from octrad.rehearsal.load_scenarios import SCENARIOS_DIR, load_scenarios
from tests.daemon import House, Rehearsal, wait_until

SCENARIOS = load_scenarios(SCENARIOS_DIR)


def model_steps(rehearsal: Rehearsal, task: str) -> Counter[str]:
    return Counter(row["step"] for row in rehearsal.requests(task))


@pytest.mark.timeout(400)
@pytest.mark.parametrize("seed", range(3))
def test_killed_daemon_resumes_and_pays_nothing_twice(own_daemon: House, rehearsal: Rehearsal, seed: int) -> None:
    """Three kills at random numbers of requests seen; then the task ends done with each question asked once."""
    chance = random.Random(seed)  # noqa: S311 - a schedule, not a secret
    task = own_daemon.submit(SCENARIOS["node-web"].request, "--model", "rehearsal/node-web")
    for _ in range(3):
        wanted = len(rehearsal.requests(task)) + chance.randint(0, 2)
        wait_until(
            lambda wanted=wanted: len(rehearsal.requests(task)) >= wanted or is_final(own_daemon, task), 60, "progress"
        )
        own_daemon.kill()
        own_daemon.start()
    assert own_daemon.wait(task)["state"] == "TASK_STATE_DONE"
    repeated = {step: count for step, count in model_steps(rehearsal, task).items() if count > 1}
    assert repeated == {}


def is_final(daemon: House, task: str) -> bool:
    return str(daemon.show(task)["task"]["state"]) in {"TASK_STATE_DONE", "TASK_STATE_FAILED", "TASK_STATE_CANCELLED"}


@pytest.mark.timeout(300)
def test_killed_daemon_attaches_to_the_command_that_was_running(own_daemon: House) -> None:
    task = own_daemon.submit(SCENARIOS["slow"].request, "--model", "rehearsal/slow")
    wait_until(lambda: "command_started" in logs(own_daemon, task, "check/"), 90, "the check runs")
    own_daemon.kill()
    own_daemon.start()
    assert own_daemon.wait(task)["state"] == "TASK_STATE_DONE"
    assert runs_of_the_check(own_daemon, task) == 1


def runs_of_the_check(daemon: House, task: str) -> int:
    """The check says `started` and appends a line to a file of its tree each time it begins."""
    steps = [step["name"] for step in daemon.show(task)["steps"] if step["name"].startswith("check/")]
    return sum(daemon.must("logs", task, "--step", step).stdout.splitlines().count("started") for step in steps)


def logs(daemon: House, task: str, step: str) -> str:
    said = daemon.octractl("logs", task, "--json")
    return "\n".join(line for line in said.stdout.splitlines() if step in line)


@pytest.mark.timeout(300)
def test_all_three_killed_does_only_what_was_in_flight_again(own_daemon: House, rehearsal: Rehearsal) -> None:
    task = own_daemon.submit(SCENARIOS["slow"].request, "--model", "rehearsal/slow")
    wait_until(lambda: "command_started" in logs(own_daemon, task, "check/"), 90, "the check runs")
    asked = model_steps(rehearsal, task)
    own_daemon.kill()
    own_daemon.kill_servants()
    own_daemon.start()
    assert own_daemon.wait(task)["state"] == "TASK_STATE_DONE"
    assert {step: count for step, count in model_steps(rehearsal, task).items() if count > 1} == {}
    assert set(asked) <= set(model_steps(rehearsal, task))
