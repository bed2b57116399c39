"""An ordinary member of the group has a project built, reads about it in the journal, and gets it back."""

import pytest

from tests.system.service import Service


@pytest.fixture(scope="module")
def task(installed: Service) -> str:
    """A task of alice's that is done; she submitted it as a user does, and followed it."""
    installed.wait_until_ready()
    request = "A command line todo list in Python: add, list, done and remove, kept in a JSON file, with tests"
    said = installed.must("submit", request, "--progress", "json")
    return str(said.events[0]["task_id"])


def test_a_member_gets_what_was_asked_for(service: Service, task: str) -> None:
    machine = service.machine
    assert service.show(task)["task"]["state"] == "TASK_STATE_DONE"
    service.must("restore", task, f"/home/alice/{task}")
    assert machine.must("stat", "--format=%U", f"/home/alice/{task}") == "alice"
    tested = machine.run("env", f"--chdir=/home/alice/{task}", "python3", "-m", "unittest", "discover", user="alice")
    assert tested.exit_code == 0, tested.stderr


def test_the_journal_tells_the_story(service: Service, task: str) -> None:
    entries = service.machine.journal(f"OCTRA_TASK={task}")
    events = [entry.get("OCTRA_EVENT", "") for entry in entries]
    units = {entry["_SYSTEMD_UNIT"] for entry in entries}
    assert {"octrad.service"} <= units <= {"octrad.service", "octra-gateway.service", "octra-runner.service"}
    told = "\n".join(str(entry["MESSAGE"]) for entry in entries)
    assert len(entries) >= 5, told
    assert any(events), events
    assert "MESSAGE_ID" in set().union(*entries), told
    request = service.show(task)["task"]["request"]
    assert request not in told  # a journal is read by more people than a task


def test_the_journal_explains_what_matters(service: Service, task: str) -> None:
    explained = service.machine.must("journalctl", "--catalog", "--no-pager", f"OCTRA_TASK={task}")
    assert f"Subject: Task {task} is done" in explained, explained
    assert "Defined-By: Octra" in explained


def test_status_is_healthy(service: Service, task: str) -> None:
    assert task
    components = service.must("status", "--json").json["components"]
    assert components
    assert [component for component in components if not component.get("healthy")] == []


def test_snapshots_survive_the_garbage_collector(service: Service, task: str) -> None:
    path = service.show(task)["task"]["store_path"]
    service.machine.must("nix-collect-garbage", timeout_s=120)
    service.machine.must("nix-store", "--verify-path", path)
    service.must("restore", task, f"/home/alice/{task}-after-gc")
