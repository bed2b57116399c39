"""Each scenario goes through octractl and a real daemon, and what is restored builds and passes outside of Octra."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from octrad.rehearsal.load_scenarios import SCENARIOS_DIR, load_scenarios
from tests.daemon import House, git

SCENARIOS = load_scenarios(SCENARIOS_DIR)


@dataclass(frozen=True, slots=True)
class Proof:
    """A scenario that is to end done, and the command that proves its restored project."""

    scenario: str
    command: str
    chain: str = ""

    @property
    def models(self) -> str:
        return self.chain or f"rehearsal/{self.scenario}"


PROOFS = (
    Proof("python-cli", "python3 -m unittest"),
    Proof("rust-cli", "cargo test --offline"),
    Proof("node-web", "cd backend && node --test"),
    Proof(
        "cmake-cli",
        "cmake -S . -B /tmp/octra-proof && cmake --build /tmp/octra-proof && ctest --test-dir /tmp/octra-proof",
    ),
    Proof("go-cli", "go test ./..."),
    Proof("scaffold-fails-once", "true"),
    Proof("fix-after-failure", "python3 -m unittest"),
    Proof("flaky-model", "true", chain="rehearsal/flaky-model,rehearsal/flaky-model:b"),
    Proof("conflict", "true"),
    Proof("hostile", "true"),
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.scenario)
def test_scenario_ends_done_and_its_restored_project_passes_its_own_checks(
    daemon: House, proof: Proof, tmp_path: Path
) -> None:
    scenario = SCENARIOS[proof.scenario]
    arguments = ["--stack", scenario.stack] if scenario.stack else []
    for check in scenario.checks:
        arguments += ["--check", check]
    followed = daemon.must(
        "submit", scenario.request, "--model", proof.models, "--progress", "json", *arguments, timeout_s=280
    )
    task_id = followed.events[-1]["task_id"]
    task = daemon.show(task_id)["task"]
    assert task["state"] == "TASK_STATE_DONE"
    assert task["rehearsal"] is True

    target = tmp_path / "restored"
    daemon.must("restore", task_id[:6], str(target))
    assert git(target, "status", "--porcelain") == ""
    git(target, "fsck", "--strict")
    subprocess.run(["bash", "-euc", proof.command], cwd=target, check=True, timeout=200, capture_output=True)
    assert not (daemon.state_dir / "runner" / "trees" / task_id).exists()


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
