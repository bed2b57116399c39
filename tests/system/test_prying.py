"""A command that a model chose reaches nothing of this machine, from inside of the runner's real unit."""

import pytest

from tests.system.prying import ATTEMPTS, LEFT_BEHIND, outcome
from tests.system.service import Service


@pytest.fixture(scope="module")
def said(installed: Service) -> list[str]:
    """What the check of a finished task of that kind said."""
    installed.wait_until_ready()
    task = installed.submit("prying")
    assert installed.wait(task)["state"] == "TASK_STATE_DONE", installed.octractl("show", task)
    return installed.must("logs", task, "--step", "check/1/1").stdout.splitlines()


@pytest.mark.parametrize("name", ATTEMPTS)
def test_a_command_does_not_reach(said: list[str], name: str) -> None:
    assert outcome(name, reached=False) in said, said
    assert outcome(name, reached=True) not in said


def test_a_process_left_behind_is_ended_with_its_command(service: Service, said: list[str]) -> None:
    assert said
    processes = service.machine.must("ps", "-e", "-o", "args")
    assert LEFT_BEHIND not in processes, processes
