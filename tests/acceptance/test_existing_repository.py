"""A repository that exists goes in as a bundle and comes back as a branch that continues its history."""

import subprocess
from pathlib import Path

from tests.acceptance.rehearsed import SCENARIOS
from tests.daemon import House, git


def test_change_comes_back_as_a_branch_that_continues_the_users_history(daemon: House, small_repository: Path) -> None:
    scenario = SCENARIOS["change-repository"]
    checks = [word for check in scenario.checks for word in ("--check", check)]
    head = git(small_repository, "rev-parse", "HEAD")
    said = daemon.must(
        "submit", scenario.request, "--from", str(small_repository), "--model", "rehearsal/change-repository",
        "--progress", "json", *checks,
    )  # fmt: skip
    task = said.events[-1]["task_id"]

    daemon.must("pull", task, cwd=small_repository)

    branch = f"octra/{task}"
    git(small_repository, "merge-base", "--is-ancestor", head, branch)
    assert git(small_repository, "rev-parse", "HEAD") == head, "the checked-out branch stays"
    assert git(small_repository, "status", "--porcelain") == ""
    git(small_repository, "checkout", "-q", branch)
    subprocess.run(["python3", "-m", "unittest"], cwd=small_repository, check=True, capture_output=True, timeout=60)
    assert daemon.must("diff", task).stdout.startswith("diff --git")
