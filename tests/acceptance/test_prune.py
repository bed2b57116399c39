"""Old snapshots go, through octractl and really out of the store, and whoever asks for one is told."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from octrad.runner.server.nix.store import private_store
from tests.acceptance.small_repository import make_small_repository
from tests.as_user import as_user
from tests.daemon import ROOT, House, Rehearsal, Said, config_for, git, house

pytestmark = pytest.mark.timeout(300)

DAY_S = 86400
EXTRA = """
[access.member]
users = ["daemon"]
"""
# Debian's.
MEMBER_UID = 1


@pytest.fixture(scope="module")
def pruned_house(rehearsal: Rehearsal) -> Iterator[House]:
    with house(config_for(rehearsal, extra=EXTRA)) as running:
        yield running


def submit(running: House, repository: Path, project: str) -> str:
    """Tasks of the same second would make the same commit, and share a path: each begins with another one."""
    git(repository, "commit", "-q", "--allow-empty", "-m", "Begin once more")
    said = running.must(
        "submit", "greet politely", "--from", str(repository), "--project", project,
        "--model", "rehearsal/change-repository", "--progress", "json",
    )  # fmt: skip
    return str(said.events[-1]["task_id"])


def grow_old(running: House, task: str, days: int) -> str:
    """Makes it so long ago that a task left its snapshot; returns the store path."""
    lines = (running.state_dir / "postgres" / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    with psycopg.connect(f"host={lines[4]} port={lines[3]} dbname=octra user=octra", autocommit=True) as connection:
        row = connection.execute(
            "UPDATE snapshots SET created_at = now() - make_interval(days => %s) WHERE task_id = %s"
            " RETURNING store_path, commit",
            (days, task),
        ).fetchone()
    assert row is not None
    then = time.time() - days * DAY_S
    os.utime(running.state_dir / "runner" / "snapshots" / f"{row[1]}.json", (then, then))
    return str(row[0])


def collect_garbage(running: House) -> None:
    environment = private_store(running.state_dir / "runner" / "nix").environment
    subprocess.run(["nix-collect-garbage"], env=dict(environment), check=True, capture_output=True, timeout=120)


def octractl_as_member(running: House, *arguments: str) -> Said:
    argv = [*as_user(MEMBER_UID), sys.executable, "-m", "octractl", "--socket", str(running.socket), *arguments]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    return Said(ended.returncode, ended.stdout, ended.stderr)


def test_old_snapshot_leaves_the_store_and_all_that_would_need_it_says_so(pruned_house: House, tmp_path: Path) -> None:
    running, repository = pruned_house, make_small_repository(tmp_path / "repository")
    old, new = submit(running, repository, "greeter"), submit(running, repository, "greeter")
    path = grow_old(running, old, 60)
    kept = str(running.show(new)["task"]["store_path"])

    neither = running.octractl("snapshots", "prune")
    assert neither.exit_code == 2
    assert "--older-than DAYS" in neither.stderr
    assert "snapshots.retention_days" in neither.stderr

    misplaced = running.octractl("snapshots", "--project", "greeter", "prune", "--older-than", "0")
    assert (misplaced.exit_code, "options of prune stand behind it" in misplaced.stderr) == (2, True)

    dry = running.must("snapshots", "prune", "--older-than", "30", "--dry-run")
    assert path in dry.stdout
    assert "would prune 1 snapshot" in dry.stderr
    assert path in running.must("snapshots").stdout
    assert "nothing to prune" in running.must("snapshots", "prune", "--older-than", "30", "--project", "x").stderr

    (line,) = running.must("snapshots", "prune", "--older-than", "30", "--json").stdout.splitlines()
    found = json.loads(line)
    assert (found["snapshot"]["store_path"], found["rooted"]) == (path, False)
    assert found["snapshot"]["pruned_at"]
    again = running.must("snapshots", "prune", "--older-than", "30")
    assert (again.stdout, "nothing to prune" in again.stderr) == ("", True)

    collect_garbage(running)
    assert not Path(path).exists()
    running.must("restore", new, str(tmp_path / "restored"))
    assert Path(kept).exists()

    assert path not in running.must("snapshots").stdout
    assert "pruned 20" in running.must("snapshots", "--all").stdout
    assert "pruned on 20" in running.must("show", old).stdout
    for words in (("restore", old, str(tmp_path / "gone")), ("diff", old), ("pull", old)):
        said = running.octractl(*words, cwd=repository)
        assert said.exit_code == 66, words
        assert "was pruned on 20" in said.stderr
        assert "hint: octractl snapshots --project greeter" in said.stderr
    audited = running.must("audit-log", "--json", "--limit", "0").json["events"]
    assert [event["outcome"] for event in audited if event["method"].endswith("/PruneSnapshots")].count("allowed") >= 3


def test_configured_retention_goes_without_a_number_and_comes_with_a_reload(
    pruned_house: House, tmp_path: Path
) -> None:
    running, repository = pruned_house, make_small_repository(tmp_path / "repository")
    old, _ = submit(running, repository, "reloaded"), submit(running, repository, "reloaded")
    grow_old(running, old, 60)
    assert running.process
    config = running.base / "octrad.toml"
    before = config.read_text(encoding="utf-8")
    config.write_text(before + "[snapshots]\nretention_days = 30\n", encoding="utf-8")
    try:
        running.process.send_signal(1)
        deadline = time.monotonic() + 30
        while running.octractl("snapshots", "prune", "--dry-run").exit_code == 2:
            assert time.monotonic() < deadline
        said = running.must("snapshots", "prune")
    finally:
        config.write_text(before, encoding="utf-8")
        running.process.send_signal(1)
    assert old in said.stdout
    assert "nix-collect-garbage frees the disk space" in said.stderr


def test_retry_of_a_failed_task_whose_snapshot_is_gone_offers_a_fresh_one(pruned_house: House) -> None:
    running = pruned_house
    tasks = [
        running.octractl(
            "submit", "x", "--project", "failing", "--model", "rehearsal/never-passes", "--progress", "json"
        ).events[-1]["task_id"]
        for _ in range(2)
    ]
    grow_old(running, tasks[0], 60)
    assert tasks[0] in running.must("snapshots", "prune", "--older-than", "30").stdout
    said = running.octractl("retry", tasks[0])
    assert said.exit_code == 66
    assert f"hint: octractl retry {tasks[0]} --fresh" in said.stderr
    assert running.show(tasks[0])["task"]["state"] == "TASK_STATE_FAILED"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be several users")
def test_a_member_may_not_prune(pruned_house: House) -> None:
    running = pruned_house
    for place, mode in ((running.base, 0o755), (running.state_dir, 0o755), (running.socket, 0o666)):
        place.chmod(mode)
    for more in ((), ("--dry-run",)):
        said = octractl_as_member(running, "snapshots", "prune", "--older-than", "1", *more)
        assert said.exit_code == 77
        assert "you may not prune snapshots: it takes the role admin" in said.stderr
    assert octractl_as_member(running, "snapshots").exit_code == 0
