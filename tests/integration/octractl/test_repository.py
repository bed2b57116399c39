import subprocess
from pathlib import Path

import pytest

from octractl.exit_codes import ExitCode
from octractl.repository import list_head, read_blobs
from tests.integration.octractl.conftest import Octractl
from tests.integration.octractl.daemon import TASK, Daemon

BRANCH = f"octra/{TASK}"


def git(directory: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(
        ["git", "-C", directory, *identity, *arguments], check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()


def commit(directory: Path, name: str) -> str:
    (directory / name).write_text(name)
    git(directory, "add", "-A")
    git(directory, "commit", "-q", "-m", name)
    return git(directory, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "mine"
    path.mkdir()
    git(path, "init", "-q")
    commit(path, "one")
    return path


@pytest.fixture
def result(daemon: Daemon, repository: Path, tmp_path: Path) -> str:
    """The result of a task that continued the repository, as a bundle; returns its commit."""
    daemon.snapshots.take(repository)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(repository), str(clone))
    return offer(daemon, clone, "two")


def offer(daemon: Daemon, clone: Path, name: str) -> str:
    made = commit(clone, name)
    daemon.snapshots.bundle = clone.parent / "result.bundle"
    git(clone, "bundle", "create", "-q", str(daemon.snapshots.bundle), "HEAD")
    return made


def test_repository_is_sent_with_its_history(
    daemon: Daemon, octractl: Octractl, repository: Path, tmp_path: Path
) -> None:
    (repository / "big").write_bytes(bytes(range(256)) * 20_000)
    head = commit(repository, "two")
    done = octractl("submit", "--detach", "go on", "--from", repository)
    assert done.returncode == 0, done.stderr
    assert daemon.tasks.submitted[0].bundle_id == "bundle1"
    (tmp_path / "sent").write_bytes(daemon.tasks.uploaded)
    assert git(tmp_path, "bundle", "list-heads", "sent") == f"{head} HEAD"


def test_dirty_repository_is_refused_unless_allowed(daemon: Daemon, octractl: Octractl, repository: Path) -> None:
    (repository / "new file").touch()
    done = octractl("submit", "--detach", "go on", "--from", repository)
    assert (done.returncode, daemon.tasks.submitted) == (ExitCode.DATA, [])
    assert "not committed" in done.stderr
    assert "new file" in done.stderr
    assert "--allow-dirty" in done.stderr
    assert octractl("submit", "--detach", "go on", "--from", repository, "--allow-dirty").returncode == 0


@pytest.mark.parametrize(
    ("kind", "said"),
    [("none", "not a git repository"), ("missing", "not a git repository"), ("empty", "has no commits"),
     ("part", "only a part"), ("shallow", "shallow")],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused(
    daemon: Daemon, octractl: Octractl, repository: Path, kind: str, said: str
) -> None:
    place = repository.parent / kind
    match kind:
        case "none":
            place.mkdir()
        case "empty":
            place.mkdir()
            git(place, "init", "-q")
        case "part":
            place = repository / "part"
            place.mkdir()
        case "shallow":
            commit(repository, "two")
            git(repository.parent, "clone", "-q", "--depth=1", f"file://{repository}", str(place))
    done = octractl("submit", "--detach", "go on", "--from", place)
    assert done.returncode in {ExitCode.DATA, ExitCode.NOT_FOUND}
    assert said in done.stderr
    assert "hint: " in done.stderr
    assert daemon.tasks.submitted == []


def test_pull_makes_a_branch_and_touches_nothing_else(octractl: Octractl, repository: Path, result: str) -> None:
    (repository / "one").write_text("changed, not committed")
    head = git(repository, "rev-parse", "HEAD")
    done = octractl("pull", TASK, cwd=repository)
    assert (done.returncode, done.stdout) == (0, f"{BRANCH} {result}\n"), done.stderr
    assert git(repository, "rev-parse", "HEAD", BRANCH).split() == [head, result]
    assert git(repository, "merge-base", "HEAD", BRANCH) == head
    assert f"git diff HEAD...{BRANCH}" in done.stderr
    assert (repository / "one").read_text() == "changed, not committed"
    assert git(repository, "for-each-ref", "--format=%(refname)").split() == ["refs/heads/main", f"refs/heads/{BRANCH}"]


def test_pull_runs_no_hook_and_looks_for_no_submodule(
    daemon: Daemon, octractl: Octractl, repository: Path, tmp_path: Path
) -> None:
    daemon.snapshots.take(repository)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(repository), str(clone))
    (clone / ".gitmodules").write_text(f'[submodule "x"]\n\tpath = x\n\turl = ext::touch {tmp_path}/ran\n')
    git(clone, "update-index", "--add", "--cacheinfo", f"160000,{git(clone, 'rev-parse', 'HEAD')},x")
    offer(daemon, clone, "two")
    hook = repository / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    git(repository, "config", "fetch.recurseSubmodules", "true")
    git(repository, "config", "core.hooksPath", str(hook.parent))
    assert octractl("pull", TASK, cwd=repository).returncode == 0
    assert not (tmp_path / "ran").exists()


def test_pull_again_moves_forward_and_never_overwrites(
    daemon: Daemon, octractl: Octractl, repository: Path, result: str
) -> None:
    clone = repository.parent / "clone"
    assert octractl("pull", TASK, cwd=repository).returncode == 0
    assert octractl("pull", TASK, cwd=repository).returncode == 0
    further = offer(daemon, clone, "three")
    assert octractl("pull", TASK, cwd=repository).stdout == f"{BRANCH} {further}\n"
    git(clone, "reset", "-q", "--hard", result)
    other = offer(daemon, clone, "four")
    done = octractl("pull", TASK, cwd=repository)
    assert (done.returncode, "other content" in done.stderr) == (ExitCode.CANNOT_CREATE, True)
    assert git(repository, "rev-parse", BRANCH) == further
    assert octractl("pull", TASK, "--branch", "mine/2", cwd=repository).stdout == f"mine/2 {other}\n"


def test_pull_refuses_a_branch_that_is_checked_out(octractl: Octractl, repository: Path, result: str) -> None:
    git(repository, "switch", "-q", "-c", BRANCH)
    done = octractl("pull", TASK, cwd=repository)
    assert (done.returncode, "checked out" in done.stderr) == (ExitCode.CANNOT_CREATE, True)
    assert git(repository, "rev-parse", BRANCH) != result


def test_pull_outside_a_repository(octractl: Octractl, result: str) -> None:
    assert result
    done = octractl("pull", TASK)
    assert (done.returncode, "do not stand in" in done.stderr) == (ExitCode.NOT_FOUND, True)


@pytest.mark.usefixtures("result")
def test_result_that_does_not_continue_the_repository_is_looked_at_whole(octractl: Octractl, tmp_path: Path) -> None:
    unrelated = tmp_path / "unrelated"
    git(tmp_path, "init", "-q", str(unrelated))
    done = octractl("pull", TASK, cwd=unrelated)
    assert done.returncode == 0, done.stderr
    assert f"git log --stat {BRANCH}" in done.stderr


def test_files_of_the_last_commit_are_listed_and_read_as_they_are(repository: Path) -> None:
    names = ["two words", "ümlaut\n", "-dash", "sub/directory/file"]
    (repository / "sub" / "directory").mkdir(parents=True)
    for name in names:
        (repository / name).write_bytes(name.encode() + b"\0\n")
    (repository / "empty").touch()
    (repository / "link").symlink_to("one")
    commit(repository, "three")
    (repository / "one").write_text("not committed")
    files = list_head(repository)
    assert [file.path for file in files] == sorted([*names, "empty", "link", "one", "three"])
    assert [file.path for file in files if file.is_symlink] == ["link"]
    contents = read_blobs(repository, [file.blob for file in files])
    by_path = {file.path: contents[file.blob] for file in files}
    assert all(by_path[name] == name.encode() + b"\0\n" for name in names)
    assert (by_path["empty"], by_path["link"], by_path["one"]) == (b"", b"one", b"one")
    assert [file.size_bytes for file in files] == [len(by_path[file.path]) for file in files]
    assert read_blobs(repository, []) == {}
