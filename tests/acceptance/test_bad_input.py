"""Bad input gets an error that names the field and the mend, and leaves nothing behind."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

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


def test_ambiguous_prefix_names_the_candidates(daemon: House) -> None:
    tasks = [daemon.submit("a tool") for _ in range(25)]
    first: dict[str, str] = {}
    for task in tasks:
        if task[0] in first:
            said = daemon.octractl("show", task[0])
            assert said.exit_code == 65
            assert task in said.stderr or first[task[0]] in said.stderr
            break
        first[task[0]] = task
    for task in tasks:
        daemon.must("cancel", task)


def test_no_model_configured_says_how_and_queues_nothing() -> None:
    with house('[nix]\nnixpkgs = "stand-in"\n') as daemon:
        said = daemon.octractl("submit", "a tool")
        assert said.exit_code != 0
        assert "[models]" in said.stderr
        assert count_tasks(daemon) == 0


def test_unreachable_provider_fails_the_task_with_its_address_in_the_note() -> None:
    config = """
[models]
chain = ["local/model"]
[providers.local]
kind = "openai-compatible"
base_url = "http://127.0.0.1:9/v1"
[nix]
nixpkgs = "stand-in"
"""
    with house(config) as daemon:
        task = daemon.wait(daemon.submit("a tool"))
        assert task["state"] == "TASK_STATE_FAILED"
        assert "127.0.0.1:9" in task["note"] + str(daemon.must("logs", task["id"]).stdout)


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
def test_full_disk_while_snapshotting_keeps_the_work_and_says_so(rehearsal: Rehearsal) -> None:
    base = Path(tempfile.mkdtemp(prefix="octra-t-"))
    daemon = House(base, config_for(rehearsal))
    store = daemon.state_dir / "runner" / "nix"
    store.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(store)], check=True)
    try:
        daemon.start()
        warm = daemon.wait(daemon.submit("a tool"))
        assert warm["state"] == "TASK_STATE_DONE"
        filler = store / "filler"
        fill(filler)
        task = daemon.wait(daemon.submit("a tool", "--project", "later"))
        assert task["state"] == "TASK_STATE_FAILED"
        assert (daemon.state_dir / "runner" / "trees" / task["id"]).exists(), "the work is kept"
        filler.unlink()
        daemon.must("retry", task["id"])
    finally:
        left = daemon.end()
        subprocess.run(["umount", str(store)], check=False, capture_output=True)
        remove_tree(base)
    assert left == []
