"""Every end leaves an artefact: a rooted snapshot that a restore equals, and on anything but done a note."""

import filecmp
import os
import subprocess
from pathlib import Path

from tests.acceptance.rehearsed import SCENARIOS
from tests.daemon import House


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
