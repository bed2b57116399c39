"""Every end leaves an artefact: a rooted snapshot that a restore equals, and on anything but done a note."""

import filecmp
import os
import subprocess
from pathlib import Path

import pytest

from octrad.rehearsal.load_scenarios import SCENARIOS_DIR, load_scenarios
from tests.daemon import House, processes_naming, wait_until

SCENARIOS = load_scenarios(SCENARIOS_DIR)


def differences(left: Path, right: Path) -> list[str]:
    compared = filecmp.dircmp(left, right, ignore=[])
    found = [*compared.left_only, *compared.right_only, *compared.funny_files]
    _, mismatch, errors = filecmp.cmpfiles(left, right, compared.common_files, shallow=False)
    for name in compared.common_dirs:
        found += differences(left / name, right / name)
    return [*found, *mismatch, *errors]


def collect_garbage(daemon: House) -> None:
    """Runs the real collector on the daemon's store."""
    nix = daemon.state_dir / "runner" / "nix"
    environment = os.environ | {
        "NIX_STORE_DIR": str(nix / "store"),
        "NIX_STATE_DIR": str(nix / "var" / "nix"),
        "NIX_LOCALSTATE_DIR": str(nix / "var"),
        "NIX_LOG_DIR": str(nix / "var" / "log"),
        "NIX_CONF_DIR": str(nix / "conf"),
    }
    subprocess.run(["nix-store", "--gc"], env=environment, check=True, capture_output=True, timeout=120)


def assert_kept(daemon: House, task: dict[str, str], target: Path) -> None:
    assert not (daemon.state_dir / "runner" / "trees" / task["id"]).exists()
    collect_garbage(daemon)
    daemon.must("restore", task["id"], str(target))
    assert differences(Path(task["store_path"]), target) == []


def test_done_task_is_snapshotted_rooted_and_restored_byte_for_byte(daemon: House, tmp_path: Path) -> None:
    task = daemon.wait(daemon.submit(SCENARIOS["python-cli"].request))
    assert task["state"] == "TASK_STATE_DONE"
    assert_kept(daemon, task, tmp_path / "restored")


def test_failed_task_keeps_its_partial_work_and_leaves_a_note_with_a_next_step(daemon: House, tmp_path: Path) -> None:
    scenario = SCENARIOS["never-passes"]
    followed = daemon.octractl("submit", scenario.request, "--model", "rehearsal/never-passes", "--progress", "json")
    assert followed.exit_code == 1
    task = daemon.show(followed.events[-1]["task_id"])["task"]
    assert task["state"] == "TASK_STATE_FAILED"
    assert task["note"]
    assert task["next_command"].startswith("octractl ")
    assert_kept(daemon, task, tmp_path / "restored")


def submit_slow(daemon: House) -> str:
    """A task that is now inside its long command."""
    task = daemon.submit(SCENARIOS["slow"].request, "--model", "rehearsal/slow")
    wait_until(lambda: commands_of(task), 60, "a command of the task runs")
    return task


def commands_of(task: str) -> list[tuple[int, str]]:
    return [found for found in processes_naming(Path(task)) if "bwrap" in found[1]]


def test_cancelling_in_mid_command_leaves_no_process_within_two_seconds(daemon: House, tmp_path: Path) -> None:
    task_id = submit_slow(daemon)
    daemon.must("cancel", task_id, timeout_s=30)
    wait_until(lambda: not commands_of(task_id), 2, "no process of the task is left")
    task = daemon.wait(task_id)
    assert task["state"] == "TASK_STATE_CANCELLED"
    assert task["note"]
    assert_kept(daemon, task, tmp_path / "restored")


def test_retry_goes_on_where_it_failed(daemon: House) -> None:
    task_id = submit_slow(daemon)
    daemon.must("cancel", task_id)
    daemon.wait(task_id)
    before = {step["name"] for step in daemon.show(task_id)["steps"] if step["state"] == "finished"}
    assert "plan" in before
    said = daemon.must("retry", task_id, "--progress", "json", timeout_s=200)
    begun = {event["step"] for event in said.events if "step_started" in event and int(event["seq"]) > len(before)}
    assert daemon.show(task_id)["task"]["state"] == "TASK_STATE_DONE"
    assert "plan" in begun or "plan" in before


@pytest.mark.parametrize("name", ["pull", "diff", "why", "logs", "snapshots"])
def test_reads_work_on_a_finished_task(daemon: House, name: str, tmp_path: Path) -> None:
    listed = daemon.must("list", "--state", "done", "--json").json["tasks"]
    task = listed[0]["id"] if listed else daemon.wait(daemon.submit(SCENARIOS["python-cli"].request))["id"]
    if name == "pull":
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
        daemon.must("pull", task, cwd=tmp_path)
        branches = subprocess.run(
            ["git", "branch", "--list", f"octra/{task}"], cwd=tmp_path, capture_output=True, check=True
        )
        assert task.encode() in branches.stdout
    elif name == "snapshots":
        assert daemon.must("snapshots", "--json").json["snapshots"]
    else:
        assert daemon.must(name, task).stdout.strip()
