"""Bad input gets an error that names the field and the mend, and leaves nothing behind."""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance.soundness import assert_nothing_left
from tests.daemon import ROOT, House, Rehearsal, config_for, house, processes_naming, remove_tree


def count_tasks(daemon: House) -> int:
    return len(daemon.must("list", "--limit", "200", "--json").json.get("tasks", []))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["submit", ""], "request"),
        (["submit", "a tool", "--stack", "cobol"], "python"),
        (["submit", "a tool", "--check", ""], "check"),
        (["submit", "a tool", "--check", "echo 'unbalanced"], "check"),
        (["submit", "a tool", "--project", "../escape"], "project"),
        (["submit", "a tool", "--model", "nobody/nothing"], "nobody"),
        (["show", "zzzzzzzz"], "zzzzzzzz"),
        (["restore", "zzzzzzzz"], "zzzzzzzz"),
        (["watch", "not an id"], "not an id"),
    ],
)
def test_bad_argument_is_refused_by_name(daemon: House, arguments: list[str], named: str) -> None:
    before = count_tasks(daemon)
    said = daemon.octractl(*arguments)
    assert said.exit_code not in (0, 1)
    assert "error:" in said.stderr
    assert named in said.stderr
    assert "Traceback" not in said.stderr
    assert count_tasks(daemon) == before


def test_request_of_a_megabyte_is_refused(daemon: House) -> None:
    before = count_tasks(daemon)
    said = daemon.octractl("submit", "-", stdin="x" * 1_000_000)
    assert said.exit_code == 65
    assert "262,144" in said.stderr
    assert count_tasks(daemon) == before


def test_ambiguous_prefix_names_candidates(daemon: House) -> None:
    """Two tasks whose ids begin alike, which the first letter of 33 ids has to give (there are 32)."""
    listed = daemon.must("list", "--limit", "200", "--json").json.get("tasks", [])
    new = [daemon.submit("a tool", "--model", "rehearsal/quick") for _ in range(max(0, 12 - len(listed)))]
    ids = [*(task["id"] for task in listed), *new]
    counted = Counter(task[0] for task in ids)
    while max(counted.values()) < 2:
        new.append(task := daemon.submit("a tool", "--model", "rehearsal/quick"))
        counted[task[0]] += 1
    for task in new:
        daemon.must("cancel", task)
    letter = counted.most_common(1)[0][0]
    said = daemon.octractl("show", letter)
    assert said.exit_code == 65
    candidates = re.findall(rf"\b{letter}[a-z0-9]{{9}}\b", said.stderr)
    assert len(candidates) >= 2
    assert set(candidates) <= {*ids, *new}
    assert "hint:" in said.stderr


def test_no_model_configured_says_how_and_queues_nothing() -> None:
    with house('[models]\nlocal_servers = "off"\n[nix]\nnixpkgs = "stand-in"\n') as daemon:
        said = daemon.octractl("submit", "a tool")
        assert said.exit_code != 0
        assert "[models]" in said.stderr
        assert count_tasks(daemon) == 0


def test_restore_refuses_a_target_that_is_not_empty_or_not_writable(daemon: House, tmp_path: Path) -> None:
    task = daemon.wait(daemon.submit("a tool"))["id"]
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    said = daemon.octractl("restore", task, str(tmp_path / "full"))
    assert said.exit_code != 0
    assert "not an empty directory" in said.stderr
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine"]
    said = daemon.octractl("restore", task, "/proc/nowhere/project")
    assert said.exit_code == 73
    assert "Traceback" not in said.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["full"], "no half-restored directory"


def serve(state_dir: Path, config: str | None = None) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "octrad", "serve", "--state-dir", str(state_dir)]
    if config is not None:
        path = state_dir.parent / "bad.toml"
        path.write_text(config, encoding="utf-8")
        argv += ["--config", str(path)]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)


def test_second_daemon_on_a_state_directory_is_refused(daemon: House) -> None:
    said = serve(daemon.state_dir)
    assert said.returncode == 75
    assert said.stderr.startswith("error:")
    assert str(daemon.process and daemon.process.pid) in said.stderr
    daemon.must("status")


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ("[limits]\ntasks_at_one = 3\n", "tasks_at_once"),
        ("[limits]\ntasks_at_once = 0\n", "limits.tasks_at_once"),
        ("[limits\n", "not TOML"),
        ("[cache]\nttl_s = 'soon'\n", "cache.ttl_s"),
    ],
)
def test_malformed_configuration_names_the_key(tmp_path: Path, config: str, named: str) -> None:
    said = serve(tmp_path / "state", config)
    assert said.returncode == 78
    assert named in said.stderr
    assert "Traceback" not in said.stderr
    assert processes_naming(tmp_path) == []


def test_database_newer_than_the_daemon_is_refused(rehearsal: Rehearsal) -> None:
    daemon = House(Path(tempfile.mkdtemp(prefix="octra-t-")), config_for(rehearsal))
    try:
        daemon.start()
        dsn = f"host={_postgres_socket(daemon)} dbname=octra user=octra"
        psycopg = pytest.importorskip("psycopg")
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(
                "insert into tasks_migrations (number, name, digest) values (9999, 'from_the_future', '')"
            )
        daemon.stop()
        said = serve(daemon.state_dir)
        assert said.returncode == 78
        assert "newer" in said.stderr
    finally:
        assert daemon.end() == []


def _postgres_socket(daemon: House) -> Path:
    found = [path.parent for path in daemon.base.rglob(".s.PGSQL.*") if not path.name.endswith(".lock")]
    return found[0]


def fill(path: Path) -> None:
    """Writes until the disk is full."""
    with pytest.raises(OSError, match="No space"), path.open("wb") as stream:  # noqa: PT012 - the loop is the point
        while True:
            stream.write(b"x" * 65536)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
@pytest.mark.timeout(150)
def test_full_disk_while_snapshotting_keeps_the_work_says_so_and_a_retry_ends_done(
    rehearsal: Rehearsal, tmp_path: Path
) -> None:
    base = Path(tempfile.mkdtemp(prefix="octra-t-"))
    daemon = House(base, config_for(rehearsal))
    store = daemon.state_dir / "runner" / "nix"
    store.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(store)], check=True)
    try:
        daemon.start()
        warm = daemon.wait(daemon.submit("a tool", "--model", "rehearsal/quick"))
        assert warm["state"] == "TASK_STATE_DONE", (warm["note"], daemon.log[-4000:])
        # Of another project, with the environment of the first: only the snapshot has to be written.
        task = daemon.submit("a tool", "--model", "rehearsal/quick", "--check", "test -f count.sh")
        with daemon.follow(task) as following:
            following.until_step("step_finished", "environment")
            fill(store / "filler")
        failed = daemon.wait(task)
        assert failed["state"] == "TASK_STATE_FAILED"
        assert "disk is full" in failed["note"]
        assert failed["next_command"] == f"octractl retry {task}"
        assert (daemon.state_dir / "runner" / "trees" / task).exists(), "the work is kept"
        (store / "filler").unlink()
        before = len(rehearsal.requests(task))
        daemon.must("retry", task, timeout_s=60)
        assert daemon.show(task)["task"]["state"] == "TASK_STATE_DONE"
        assert len(rehearsal.requests(task)) == before, "all was proved; only the snapshot was missing"
        daemon.must("restore", task, str(tmp_path / "restored"))
        assert_nothing_left(daemon, task)
    finally:
        left = daemon.end()
        subprocess.run(["umount", str(store)], check=False, capture_output=True)
        remove_tree(base)
    assert left == []
