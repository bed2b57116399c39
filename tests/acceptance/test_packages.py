"""Workers ask for packages through a real daemon: granted and used in a check, refused by policy, and never twice."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.rehearsed import SCENARIOS
from tests.acceptance.soundness import asked_twice, assert_nothing_left, assert_sound
from tests.daemon import House, Rehearsal, config_for, git, house, wait_until
from tests.faulty_nixpkgs import write_faulty_nixpkgs

NAME = "asks-for-packages"
RELOADED = "the configuration was read anew"
DENY_SQLITE = '\n[packages]\ndeny = ["sqlite"]\n'
# In whose midst octrad is killed.
MOMENTS = (
    ("step_started", "packages/1/check"),
    ("step_finished", "packages/1/check"),
    ("step_started", "packages/1"),
    ("packages_added", "packages/1"),
)


def submit(daemon: House, *arguments: str) -> str:
    return daemon.submit(SCENARIOS[NAME].request, "--model", f"rehearsal/{NAME}", *arguments)


def refused(daemon: House, task: str) -> dict[str, str]:
    events = [event["packages_refused"]["refused"] for event in daemon.events(task) if "packages_refused" in event]
    return {one["package"]: one["reason"] for said in events for one in said}


def added(daemon: House, task: str) -> list[Any]:
    return [event["packages_added"] for event in daemon.events(task) if "packages_added" in event]


@pytest.mark.timeout(120)
def test_a_worker_gets_what_it_asks_for_and_another_goes_on_without(rehearsal: Rehearsal, tmp_path: Path) -> None:
    with house(config_for(rehearsal, extra=DENY_SQLITE)) as daemon:
        # Without the request there is no such program where checks run.
        task = submit(daemon, "--check", "case $(command -v jq) in */store/*-jq-*/bin/jq) ;; *) exit 1 ;; esac")
        ended = daemon.wait(task)
        assert ended["state"] == "TASK_STATE_DONE", ended["note"]
        assert [one["packages"] for one in added(daemon, task)] == [["jq"]]
        reasons = refused(daemon, task)
        assert set(reasons) == {"packageThatNobodyHas", "databaseThatNobodyHas", "sqlite"}
        assert "packages.deny" in reasons["sqlite"]
        followed = daemon.must("logs", task).stdout
        assert "added to the environment: jq" in followed
        assert "sqlite: the configuration denies it (`packages.deny`)" in followed
        shown = daemon.must("show", task).stdout
        assert "\n  jq  added\n" in shown
        assert "\n  sqlite  refused: the configuration denies it (`packages.deny`)\n" in shown
        assert [one["package"] for one in daemon.show(task)["packages"]] == [
            "packageThatNobodyHas",
            "databaseThatNobodyHas",
            "sqlite",
            "jq",
        ]
        # They are told, and go on.
        assert {"work/clerk/2", "work/reporter/2"} <= {row["step"] for row in rehearsal.requests(task)}
        assert asked_twice(rehearsal, task) == {}
        daemon.must("restore", task, str(tmp_path / "restored"))
    restored = tmp_path / "restored"
    assert "Add packages: jq" in git(restored, "log", "--format=%s")
    assert "pkgs.jq" in (restored / "flake.nix").read_text(encoding="utf-8")


@pytest.mark.timeout(120)
def test_a_policy_counts_from_a_reload_on(rehearsal: Rehearsal) -> None:
    with house(config_for(rehearsal, extra='\n[packages]\nallow = ["gnugrep"]\n')) as daemon:
        task = submit(daemon)
        assert daemon.wait(task)["state"] == "TASK_STATE_FAILED"
        assert "packages.allow" in refused(daemon, task)["jq"]
        (daemon.base / "octrad.toml").write_text(config_for(rehearsal), encoding="utf-8")
        assert daemon.process
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: RELOADED in daemon.log, 20, "the configuration is in effect")
        assert daemon.wait(submit(daemon))["state"] == "TASK_STATE_DONE"


@pytest.mark.timeout(120)
def test_packages_that_cannot_be_built_are_refused_and_unfree_ones_permitted(
    rehearsal: Rehearsal, tmp_path: Path
) -> None:
    nixpkgs = write_faulty_nixpkgs(tmp_path / "nixpkgs")
    config = config_for(rehearsal, extra='\n[packages]\nunfree = ["proprietary"]\n')
    with house(config.replace('"stand-in"', f'"{nixpkgs}"')) as daemon:
        task = daemon.submit("orders", "--model", "rehearsal/unbuildable")
        ended = daemon.wait(task)
        assert ended["state"] == "TASK_STATE_DONE", ended["note"]
        reasons = refused(daemon, task)
        assert "packages.unfree" in reasons["licensed"]
        assert "could not be built" in reasons["unbuildable"]
        # Refused at first, with the one that cannot be built; granted when it was asked for without it.
        assert [one["packages"] for one in added(daemon, task)] == [["jq", "proprietary"]]
        daemon.must("restore", task, str(tmp_path / "restored"))
    assert "allowUnfree" in (tmp_path / "restored" / "flake.nix").read_text(encoding="utf-8")


@pytest.mark.timeout(120)
def test_a_users_flake_is_left_to_the_user(daemon: House, small_repository: Path) -> None:
    flake = """{
      outputs = { self, nixpkgs }: {
        devShells = nixpkgs.lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (system:
          let pkgs = nixpkgs.legacyPackages.${system}; in
          { default = pkgs.mkShellNoCC { packages = [ pkgs.bash pkgs.jq ]; }; });
      };
    }"""
    (small_repository / "flake.nix").write_text(flake, encoding="utf-8")
    git(small_repository, "add", "flake.nix")
    git(small_repository, "commit", "-qm", "Describe the environment")
    task = submit(daemon, "--from", str(small_repository))
    ended = daemon.wait(task)
    assert ended["state"] == "TASK_STATE_DONE", ended["note"]
    assert added(daemon, task) == []
    reasons = refused(daemon, task)
    assert set(reasons) == {"gnugrep", "packageThatNobodyHas", "databaseThatNobodyHas", "sqlite", "jq"}
    assert all("its user wrote" in reason for reason in reasons.values())


@pytest.mark.timeout(240)
def test_a_kill_in_the_midst_of_a_request_costs_nothing(victim: House, rehearsal: Rehearsal) -> None:
    tasks = []
    for kind, step in MOMENTS:
        tasks.append(task := submit(victim))
        with victim.follow(task) as following:
            following.until_step(kind, step)
            victim.kill()
            victim.start()
        assert victim.wait(task)["state"] == "TASK_STATE_DONE", (kind, step)
        assert asked_twice(rehearsal, task) == {}, (kind, step)
        assert len(added(victim, task)) == 1, (kind, step)
        assert_sound(victim, task)
    assert_nothing_left(victim, *tasks)


@pytest.mark.timeout(120)
def test_a_retry_goes_on_with_the_packages_of_the_run_before(own_daemon: House, rehearsal: Rehearsal) -> None:
    task = submit(own_daemon, "--check", "test -e nothing")
    assert own_daemon.wait(task)["state"] == "TASK_STATE_FAILED"
    asked = rehearsal.requests(task)
    own_daemon.must("retry", task, "--detach")
    assert own_daemon.wait(task)["state"] == "TASK_STATE_FAILED"
    steps = json.dumps([step["name"] for step in own_daemon.show(task)["steps"]])
    assert '"packages/1/again/2"' in steps
    assert '"packages/2' not in steps
    again = [row["step"] for row in rehearsal.requests(task)[len(asked) :]]
    assert not [step for step in again if step.startswith("work/")]
