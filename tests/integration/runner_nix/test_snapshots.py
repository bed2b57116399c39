import asyncio
import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from octrad.foundation.errors import ConflictError, ExhaustedError, InvalidRequestError, NotFoundError
from octrad.foundation.process import run
from octrad.runner.failures import SnapshotDamagedError
from octrad.runner.operations import Snapshot
from octrad.runner.server.nix.read_snapshot import (
    create_tree_from_snapshot,
    read_snapshot,
    verify_snapshot,
)
from octrad.runner.server.nix.snapshot_place import side_of_snapshot, snapshot_git_dir, snapshot_head
from octrad.runner.server.nix.store import NixStore, private_store
from octrad.runner.server.nix.take_snapshot import take_snapshot
from octrad.runner.server.trees.commit_branch import commit_branch, read_tree_hash
from octrad.runner.server.trees.create_tree import create_empty_tree
from octrad.runner.server.trees.diff_commits import ResolvedSide, diff_commits
from octrad.runner.server.trees.read_bundle import read_bundle
from octrad.runner.server.trees.remove_tree import remove_tree
from octrad.runner.server.trees.reset_branch import reset_branch
from octrad.runner.server.trees.task_tree import TaskTree, task_tree
from tests.integration.runner_nix.conftest import write_and_commit


@pytest.fixture
def roots(runner_dir: Path) -> Path:
    return runner_dir / "snapshots"


async def _project(tree: TaskTree, parent: str) -> str:
    work = await reset_branch(tree, "main", parent)
    (work / "src").mkdir()
    (work / "src" / "ü b").write_text("x\n")
    (work / os.fsdecode(b"n\xff")).write_text("y\n")
    (work / "run").write_text("#!/bin/sh\n")
    (work / "run").chmod(0o755)
    (work / "link").symlink_to("src")
    (work / "out").symlink_to("/etc/passwd")
    (work / "crlf").write_bytes(b"a\r\nb\r\n")
    (work / ".gitattributes").write_text("crlf text eol=crlf\n")
    (work / ".gitignore").write_text("target/\n")
    (work / "target").mkdir()
    (work / "target" / "big").write_text("built")
    return (await commit_branch(tree, "main", parent, "Write")).commit


async def _restore(store: NixStore, store_path: str, target: Path) -> None:
    dump = b"".join([chunk async for chunk in read_snapshot(store, store_path)])
    await run(["nix-store", "--restore", str(target)], env=store.environment, stdin=dump)


def _git(directory: Path, *arguments: str) -> str:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(directory.parent)}
    done = subprocess.run(["git", *arguments], cwd=directory, env=environment, check=True, capture_output=True)
    assert done.stderr == b""
    return done.stdout.decode()


async def test_a_restored_snapshot_is_a_working_repository(
    tree: TaskTree, first: str, store: NixStore, roots: Path, tmp_path: Path
) -> None:
    commit = await _project(tree, first)
    worker = await write_and_commit(tree, commit, {"unmerged": "a secret of another branch"})
    snapshot = await take_snapshot(tree, commit, store, roots)
    target = tmp_path / "restored"
    await _restore(store, snapshot.store_path, target)
    assert _git(target, "fsck", "--strict") == ""
    assert _git(target, "status", "--porcelain", "--ignored") == ""
    assert _git(target, "branch", "-vv", "--format=%(refname:short) %(objectname) %(upstream)").split() == [
        "main",
        commit,
    ]
    assert _git(target, "log", "--format=%s") == "Write\nBegin\n"
    assert _git(target, "remote") == ""
    assert not (target / "target").exists()
    assert os.access(target / "run", os.X_OK)
    assert not os.access(target / "src" / "ü b", os.X_OK)
    assert (target / "link").readlink() == Path("src")
    assert (target / "out").readlink() == Path("/etc/passwd")
    assert (target / "crlf").read_bytes() == b"a\r\nb\r\n"
    assert not (target / ".git" / "hooks").exists()
    with pytest.raises(subprocess.CalledProcessError):
        _git(target, "cat-file", "-e", worker.commit)
    assert snapshot.tree_hash == await read_tree_hash(tree, commit)
    assert not snapshot.unchanged


async def test_an_unchanged_commit_is_the_same_snapshot_without_an_add(
    tree: TaskTree, first: str, store: NixStore, roots: Path
) -> None:
    commit = await _project(tree, first)
    one = await take_snapshot(tree, commit, store, roots)
    before = sorted(entry.name for entry in store.store_dir.iterdir())
    two = await take_snapshot(tree, commit, store, roots)
    assert two == Snapshot(one.store_path, one.nar_hash, one.size_bytes, one.tree_hash, unchanged=True)
    assert sorted(entry.name for entry in store.store_dir.iterdir()) == before
    assert not (tree.root / "snapshot").exists()


async def test_work_goes_on_after_a_snapshot_without_writing_files_again(
    tree: TaskTree, first: str, store: NixStore, roots: Path
) -> None:
    commit = await _project(tree, first)
    await take_snapshot(tree, commit, store, roots)
    file = tree.work_dir("main") / "run"
    inode, written = file.stat().st_ino, file.stat().st_mtime_ns
    await reset_branch(tree, "main", commit)
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (inode, written)
    (tree.work_dir("main") / "run").write_text("changed")
    await take_snapshot(tree, commit, store, roots)
    await reset_branch(tree, "main", commit)
    assert file.read_text() == "#!/bin/sh\n"


async def test_two_at_once_are_one(tree: TaskTree, first: str, store: NixStore, roots: Path) -> None:
    commit = await _project(tree, first)
    one, two = await asyncio.gather(*(take_snapshot(tree, commit, store, roots) for _ in range(2)))
    assert {one.unchanged, two.unchanged} == {True, False}


async def test_a_snapshot_survives_garbage_collection_and_the_end_of_its_task(
    tree: TaskTree, first: str, store: NixStore, roots: Path
) -> None:
    snapshot = await take_snapshot(tree, await _project(tree, first), store, roots)
    await remove_tree(tree)
    await run(["nix-collect-garbage"], env=store.environment)
    await verify_snapshot(store, snapshot.store_path, snapshot.nar_hash)


async def test_garbage_collection_meanwhile_loses_nothing(
    tree: TaskTree, first: str, store: NixStore, roots: Path
) -> None:
    async def collect(stop: asyncio.Event) -> None:
        while not stop.is_set():
            await run(["nix-collect-garbage"], env=store.environment)

    commit, stop = first, asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(collect(stop))
        for number in range(5):
            commit = (await write_and_commit(tree, commit, {"n": str(number)})).commit
            snapshot = await take_snapshot(tree, commit, store, roots)
            await verify_snapshot(store, snapshot.store_path, snapshot.nar_hash)
        stop.set()


async def test_a_snapshot_that_is_gone_is_taken_again(tree: TaskTree, first: str, store: NixStore, roots: Path) -> None:
    commit = await _project(tree, first)
    one = await take_snapshot(tree, commit, store, roots)
    (roots / commit).unlink()
    await run(["nix-collect-garbage"], env=store.environment)
    two = await take_snapshot(tree, commit, store, roots)
    assert (two.store_path, two.unchanged) == (one.store_path, False)


async def test_tampering_is_found(tree: TaskTree, first: str, store: NixStore, roots: Path) -> None:
    snapshot = await take_snapshot(tree, await _project(tree, first), store, roots)
    await verify_snapshot(store, snapshot.store_path, snapshot.nar_hash)
    file = Path(snapshot.store_path) / "run"
    file.chmod(0o755)
    file.write_text("#!/bin/sh\nevil\n")
    with pytest.raises(SnapshotDamagedError):
        await verify_snapshot(store, snapshot.store_path, snapshot.nar_hash)
    with pytest.raises(SnapshotDamagedError):
        await create_tree_from_snapshot(tree, store, snapshot.store_path)


async def test_a_later_task_goes_on_where_a_snapshot_ends(
    tree: TaskTree, first: str, store: NixStore, roots: Path, runner_dir: Path
) -> None:
    commit = await _project(tree, first)
    snapshot = await take_snapshot(tree, commit, store, roots)
    later = task_tree(runner_dir, "later")
    created = await create_tree_from_snapshot(later, store, snapshot.store_path)
    assert created.commit == created.base_commit == commit == snapshot_head(store, snapshot.store_path)
    assert "n\\xff" in created.paths
    made = await write_and_commit(later, commit, {"more": "1\n"})
    assert made.paths == ("more",)
    again = await take_snapshot(later, made.commit, store, roots)
    assert again.store_path != snapshot.store_path
    old, new = (side_of_snapshot(store, path, "") for path in (snapshot.store_path, again.store_path))
    assert b"+++ b/more" in b"".join([chunk async for chunk in diff_commits(old, new)])
    assert b"+++ b/run" in b"".join([chunk async for chunk in diff_commits(ResolvedSide(None, ""), old)])
    unchanged = await take_snapshot(later, commit, store, roots)
    assert unchanged.unchanged


async def test_the_history_comes_out_as_a_bundle(
    tree: TaskTree, first: str, store: NixStore, roots: Path, tmp_path: Path
) -> None:
    commit = await _project(tree, first)
    snapshot = await take_snapshot(tree, commit, store, roots)
    git_dir = snapshot_git_dir(store, snapshot.store_path)
    (tmp_path / "b").write_bytes(b"".join([chunk async for chunk in read_bundle(git_dir)]))
    assert _git(tmp_path, "bundle", "list-heads", "b").split() == [commit, "HEAD"]


async def test_many_files_are_packed_once(tree: TaskTree, first: str, store: NixStore, roots: Path) -> None:
    made = await write_and_commit(tree, first, {f"d{n % 9}/{n}": str(n) for n in range(700)})
    one = await take_snapshot(tree, made.commit, store, roots)
    more = await write_and_commit(tree, made.commit, {"one": "1"})
    two = await take_snapshot(tree, more.commit, store, roots)
    packs = [{f.name for f in (Path(s.store_path) / ".git/objects/pack").glob("*.pack")} for s in (one, two)]
    assert packs[0] < packs[1]
    assert not [d for d in (Path(two.store_path) / ".git/objects").iterdir() if len(d.name) == 2]


async def test_directories_nested_too_deep_are_named(tree: TaskTree, first: str, store: NixStore, roots: Path) -> None:
    made = await write_and_commit(tree, first, {"/".join(["d"] * 120): "x"})
    with pytest.raises(ConflictError, match="deeper"):
        await take_snapshot(tree, made.commit, store, roots)
    assert os.listdir(roots) == []  # noqa: PTH208 - what pathlib would do blocks as well


async def test_a_commit_that_is_not_there_is_not_found(
    tree: TaskTree, first: str, store: NixStore, roots: Path
) -> None:
    with pytest.raises(NotFoundError):
        await take_snapshot(tree, "e" * 40, store, roots)
    assert first


@pytest.mark.parametrize("path", ["/etc", "/nix/store/x", "relative", "{store}/../x", "{store}/" + "0" * 32 + "-bash"])
async def test_only_snapshots_are_read(store: NixStore, path: str) -> None:
    with pytest.raises(InvalidRequestError):
        await verify_snapshot(store, path.format(store=store.store_dir), "sha256:0")


async def test_a_snapshot_that_is_not_in_the_store_is_not_found(store: NixStore) -> None:
    with pytest.raises(NotFoundError):
        await verify_snapshot(store, f"{store.store_dir}/{'0' * 32}-octra-project", "sha256:0")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m", "none", place], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("this test must mount a small disk")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(64 * 1024))


@pytest.mark.parametrize("what", ["store", "state"])
async def test_a_full_disk_leaves_nothing_half_done(
    small_disk: Path, runner_dir: Path, store: NixStore, what: str
) -> None:
    small = what == "store"
    used = private_store(small_disk / "nix") if small else store
    tree = task_tree(runner_dir if small else small_disk, "bcdfg")
    roots = (runner_dir if small else small_disk) / "snapshots"
    first = (await create_empty_tree(tree)).commit
    work = await reset_branch(tree, "main", first)
    (work / "noise").write_bytes(os.urandom(4 * 1024 * 1024))
    commit = (await commit_branch(tree, "main", first, "x")).commit
    filler = small_disk / "filler"
    _fill(filler)
    with pytest.raises(ExhaustedError, match="disk is full"):
        await take_snapshot(tree, commit, used, roots)
    assert not roots.exists() or [entry.name for entry in roots.iterdir()] == []
    assert not (tree.root / "snapshot").exists()
    filler.unlink()
    snapshot = await take_snapshot(tree, commit, used, roots)
    await verify_snapshot(used, snapshot.store_path, snapshot.nar_hash)
