"""Each scenario goes through octractl and a real daemon, and what is restored builds and passes outside of Octra."""

import subprocess
from pathlib import Path

import pytest

from tests.acceptance.rehearsed import SCENARIOS
from tests.daemon import House, git

# Those that are to end done; a chain where the scenario is about more than one model.
DONE = {
    "python-cli": "",
    "rust-cli": "",
    "node-web": "",
    "cmake-cli": "",
    "go-cli": "",
    "scaffold-fails-once": "",
    "fix-after-failure": "",
    "flaky-model": "rehearsal/flaky-model,rehearsal/flaky-model:b",
    "conflict": "",
    "asks-for-packages": "",
    "hostile": "",
    "skills": "",
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", DONE)
def test_scenario_ends_done_and_its_restored_project_passes_its_own_checks(
    daemon: House, name: str, tmp_path: Path
) -> None:
    scenario = SCENARIOS[name]
    arguments = ["--stack", scenario.stack] if scenario.stack else []
    for check in scenario.checks:
        arguments += ["--check", check]
    followed = daemon.must(
        "submit",
        scenario.request,
        "--model",
        DONE[name] or f"rehearsal/{name}",
        "--progress",
        "json",
        *arguments,
        timeout_s=280,
    )
    task_id = followed.events[-1]["task_id"]
    shown = daemon.show(task_id)
    task = shown["task"]
    assert task["state"] == "TASK_STATE_DONE"
    assert task["rehearsal"] is True

    target = tmp_path / "restored"
    daemon.must("restore", task_id[:6], str(target))
    assert git(target, "status", "--porcelain") == ""
    git(target, "fsck", "--strict")
    assert shown["evidence"], "done means proved"
    for evidence in shown["evidence"]:
        subprocess.run(["bash", "-euc", evidence["command"]], cwd=target, check=True, timeout=200, capture_output=True)
    assert not (daemon.state_dir / "runner" / "trees" / task_id).exists()


@pytest.mark.timeout(300)
def test_project_of_two_stacks_begins_with_both_tools_and_is_checked_with_both(daemon: House, tmp_path: Path) -> None:
    scenario = SCENARIOS["python-node"]
    arguments = ("--stack", scenario.stack, "--model", "rehearsal/python-node", "--progress", "json")
    said = daemon.must("submit", scenario.request, *arguments, timeout_s=280)
    shown = daemon.show(said.events[-1]["task_id"])
    assert (shown["task"]["state"], shown["task"]["stack"]) == ("TASK_STATE_DONE", "python,node")
    ran = {event["command_finished"]["command"]: event for event in said.events if "command_finished" in event}
    scaffolds = [command for command, event in ran.items() if event["step"].startswith("scaffold/")]
    assert scaffolds == [
        "python3 -m venv --without-pip .venv",
        "mkdir -p page && cd page && { npm init -y && npm pkg set name=dice; }",
    ]
    assert {one["command"] for one in shown["evidence"]} == {"python3 -m unittest discover -v", "cd page && npm test"}
    steps = {step["name"] for step in shown["steps"] if step["has_log"]}
    checks = [
        daemon.must("logs", shown["task"]["id"], "--step", step).stdout for step in sorted(steps) if "check" in step
    ]
    assert "Ran 4 tests" in "".join(checks)
    assert "# pass 2" in "".join(checks)
    daemon.must("restore", shown["task"]["id"], str(tmp_path / "restored"))
    for one in shown["evidence"]:
        argv = ["bash", "-euc", one["command"]]
        subprocess.run(argv, cwd=tmp_path / "restored", check=True, timeout=200, capture_output=True)
    flake = (tmp_path / "restored" / "flake.nix").read_text()
    assert "pkgs.nodejs" in flake
    assert "pkgs.python3" in flake
    assert "node_modules/" in (tmp_path / "restored" / ".gitignore").read_text().splitlines()


def test_plan_of_other_stacks_than_the_user_asked_for_is_not_taken(daemon: House) -> None:
    task = daemon.submit("A tool", "--stack", "rust,node", "--model", "rehearsal/python-cli")
    ended = daemon.wait(task)
    assert ended["state"] == "TASK_STATE_FAILED"


def test_events_have_no_gap_and_evidence_names_every_check(daemon: House) -> None:
    said = daemon.must("submit", SCENARIOS["python-cli"].request, "--progress", "json", "--check", "true")
    numbers = [int(event["seq"]) for event in said.events if "seq" in event]
    assert numbers == list(range(1, len(numbers) + 1))
    shown = daemon.show(said.events[-1]["task_id"])
    assert "true" in {evidence["command"] for evidence in shown["evidence"]}


def test_a_later_task_of_a_project_starts_from_its_newest_snapshot(daemon: House, tmp_path: Path) -> None:
    request = SCENARIOS["python-cli"].request
    first = daemon.wait(daemon.submit(request, "--project", "grown"))
    second = daemon.wait(daemon.submit(request, "--project", "grown"))
    assert {first["state"], second["state"]} == {"TASK_STATE_DONE"}
    for number, task in enumerate((first, second)):
        daemon.must("restore", task["id"], str(tmp_path / str(number)))
    before = git(tmp_path / "0", "rev-parse", "HEAD")
    git(tmp_path / "1", "merge-base", "--is-ancestor", before, "HEAD")
