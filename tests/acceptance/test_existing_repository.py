"""A repository that exists goes in as a bundle and comes back as a branch that continues its history."""

import subprocess
from pathlib import Path

from tests.acceptance.rehearsed import SCENARIOS
from tests.daemon import House, git

FLAKE = """{
  outputs = { self, nixpkgs }: {
    devShells = nixpkgs.lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (system:
      let pkgs = nixpkgs.legacyPackages.${system}; in
      { default = pkgs.mkShell { packages = [ pkgs.python3 pkgs.git ]; env.FROM_THE_USERS_FLAKE = "yes"; }; });
  };
}
"""


def test_flake_of_the_user_is_used_as_it_is(daemon: House, small_repository: Path) -> None:
    (small_repository / "flake.nix").write_text(FLAKE)
    git(small_repository, "add", "-A")
    git(small_repository, "commit", "-qm", "A shell of our own")
    said = daemon.must(
        "submit", SCENARIOS["change-repository"].request, "--from", str(small_repository), "--progress", "json",
        "--model", "rehearsal/change-repository", "--check", 'test "$FROM_THE_USERS_FLAKE" = yes',
    )  # fmt: skip
    task = said.events[-1]["task_id"]
    shown = daemon.show(task)
    assert shown["task"]["state"] == "TASK_STATE_DONE"
    assert 'test "$FROM_THE_USERS_FLAKE" = yes' in {one["command"] for one in shown["evidence"]}
    daemon.must("pull", task, cwd=small_repository)
    assert git(small_repository, "diff", "--name-only", "main", f"octra/{task}", "--", "flake.nix", "flake.lock") == ""


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
