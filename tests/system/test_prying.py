"""A command that a model chose reaches nothing of this machine, from inside of the runner's real unit."""

import pytest

from tests.system.prying import ATTEMPTS, LEFT_BEHIND, METADATA, outcome
from tests.system.service import Service


@pytest.fixture(scope="module")
def metadata(installed: Service) -> None:
    """A cloud's metadata service, on the machine's own loopback."""
    installed.machine.must("ip", "address", "add", f"{METADATA}/32", "dev", "lo")
    ask = ATTEMPTS["a cloud's metadata"]
    serve = ("python3", "-m", "http.server", "80", "--bind", METADATA)
    installed.machine.must("systemd-run", "--unit=metadata", *serve)
    installed.machine.must("sh", "-c", f"until {ask} 2>/dev/null; do sleep 0.1; done")


@pytest.fixture(scope="module")
def said(installed: Service, metadata: None) -> list[str]:  # noqa: ARG001 - it is there to be reached
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


@pytest.mark.usefixtures("metadata")
@pytest.mark.parametrize("name", ATTEMPTS)
def test_the_same_attempt_reaches_it_from_outside(service: Service, name: str) -> None:
    """Root's, in namespaces of its own: what is shut to everybody would prove nothing of the sandbox."""
    tried = service.machine.run("unshare", "--mount", "--uts", "bash", "-c", f"cd $(mktemp -d); {ATTEMPTS[name]}")
    assert tried.exit_code == 0, tried
