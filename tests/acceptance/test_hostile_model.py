"""A model that tries to get out of its tree is refused, by name, and told why; nothing outside changes."""

import hashlib
from pathlib import Path

import pytest

from tests.acceptance.huge_provider import huge_provider
from tests.acceptance.rehearsed import SCENARIOS
from tests.acceptance.small_repository import make_small_repository
from tests.daemon import House, Rehearsal, git, house

REFUSED = ("../../etc/passwd", "/etc/cron.d/octra", ".git/hooks/post-commit", "a/../../b", "outside/evil.txt")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.timeout(120)
def test_escapes_are_refused_by_name_and_nothing_outside_changes(daemon: House, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    repository = make_small_repository(tmp_path / "repository")
    (repository / "outside").symlink_to(outside)
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "Link out of the tree")
    before = digest(Path("/etc/passwd"))

    said = daemon.must(
        "submit", SCENARIOS["hostile"].request, "--from", str(repository), "--model", "rehearsal/hostile",
        "--progress", "json",
    )  # fmt: skip

    task = daemon.show(said.events[-1]["task_id"])["task"]
    refused = " ".join(str(event) for event in said.events if "edits_refused" in event or "remarked" in event)
    assert [path for path in REFUSED if path not in refused] == []
    assert list(outside.iterdir()) == []
    assert digest(Path("/etc/passwd")) == before
    assert not Path("/tmp/owned").exists()
    assert not Path("/etc/cron.d/octra").exists()
    assert "builtins.readFile" in task["title"], "a title is text"
    daemon.must("restore", task["id"], str(tmp_path / "restored"))
    shadow = Path("/etc/shadow").read_text(encoding="utf-8").splitlines()[0]
    kept = [path for path in (tmp_path / "restored").rglob("*") if path.is_file() and not path.is_symlink()]
    assert not [path for path in kept if shadow.encode() in path.read_bytes()]
    assert not (tmp_path / "restored" / ".git" / "hooks" / "post-commit").exists()


@pytest.mark.timeout(180)
def test_file_of_100_mb_is_refused_and_the_daemon_stays_small(rehearsal: Rehearsal) -> None:
    with huge_provider(rehearsal) as base_url:
        config = f"""
[models]
chain = ["huge/hostile"]
local_servers = "off"
[providers.huge]
kind = "openai-compatible"
base_url = "{base_url}"
[nix]
nixpkgs = "stand-in"
store = "private"
"""
        with house(config) as daemon:
            task = daemon.wait(daemon.submit("a tool"))
            told = daemon.must("logs", task["id"]).stdout
            assert task["state"] == "TASK_STATE_FAILED"
            assert "at most 8,000,000" in task["note"]
            assert task["store_path"]
            assert daemon.process
            assert peak_mb(daemon.process.pid) < 250
            assert len(told) < 100_000
            left = [path for path in daemon.state_dir.rglob("*") if path.is_file() and path.stat().st_size > 50_000_000]
            assert left == []


def peak_mb(pid: int) -> float:
    """The most memory that a process has had."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmHWM"))
