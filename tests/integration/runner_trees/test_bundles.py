import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from octrad.foundation.errors import ExhaustedError, InvalidRequestError, NotFoundError
from octrad.foundation.process import run
from octrad.runner.reading import ImportedBundle
from octrad.runner.server.trees.commit_branch import commit_branch
from octrad.runner.server.trees.create_tree import create_tree_from_bundle
from octrad.runner.server.trees.import_bundle import import_bundle, prune_bundles
from octrad.runner.server.trees.read_bundle import read_bundle
from octrad.runner.server.trees.reset_branch import reset_branch
from octrad.runner.server.trees.task_tree import TaskTree
from tests.integration.runner_trees.conftest import user_git

LIMIT = 10_000_000


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "user"
    path.mkdir()
    user_git(path, "init")
    (path / "a").write_text("1\n")
    (path / "out").symlink_to("/etc/passwd")
    user_git(path, "add", "-A")
    user_git(path, "commit", "-m", "theirs")
    (path / "a").write_text("2\n")
    user_git(path, "commit", "-am", "second")
    return path


async def _import(tmp_path: Path, content: bytes, limit: int = LIMIT) -> ImportedBundle:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 100):
            yield content[start : start + 100]

    return await import_bundle(tmp_path / "bundles", chunks(), limit)


def _bundle(repository: Path, *what: str) -> bytes:
    user_git(repository, "bundle", "create", "../b", *what)
    return (repository.parent / "b").read_bytes()


async def test_a_bundle_continues_the_users_history_and_comes_back(
    tmp_path: Path, tree: TaskTree, repository: Path
) -> None:
    imported = await _import(tmp_path, _bundle(repository, "HEAD"))
    created = await create_tree_from_bundle(tree, tmp_path / "bundles", imported.bundle_id)
    assert created.commit == created.base_commit == user_git(repository, "rev-parse", "HEAD").strip()
    assert created.paths == ("a", "out")
    work = await reset_branch(tree, "main", created.commit)
    assert (work / "out").is_symlink()
    (work / "a").write_text("3\n")
    made = await commit_branch(tree, "main", created.commit, "ours")
    (tmp_path / "back").write_bytes(b"".join([chunk async for chunk in read_bundle(tree.git_dir)]))
    user_git(repository, "fetch", "../back", "HEAD:octra")
    assert user_git(repository, "log", "--format=%s", "octra") == "ours\nsecond\ntheirs\n"
    assert user_git(repository, "rev-parse", "octra").strip() == made.commit


async def test_the_same_bundle_has_the_same_name_and_leaves_nothing_else(tmp_path: Path, repository: Path) -> None:
    content = _bundle(repository, "main")
    one, two = await _import(tmp_path, content), await _import(tmp_path, content)
    assert one == two
    assert [entry.name for entry in (tmp_path / "bundles").iterdir()] == [one.bundle_id]


@pytest.mark.parametrize("content", [b"", b"no bundle", b"# v2 git bundle\n\nPACKgarbage"])
async def test_what_is_no_bundle_is_refused_and_leaves_nothing(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        await _import(tmp_path, content)
    assert list((tmp_path / "bundles").iterdir()) == []


async def test_a_torn_bundle_is_refused(tmp_path: Path, repository: Path) -> None:
    with pytest.raises(InvalidRequestError):
        await _import(tmp_path, _bundle(repository, "HEAD")[:-30])


async def test_a_bundle_that_needs_other_commits_is_refused(tmp_path: Path, repository: Path) -> None:
    with pytest.raises(InvalidRequestError, match="not complete"):
        await _import(tmp_path, _bundle(repository, "HEAD~1..main"))


async def test_a_bundle_with_a_hostile_object_is_refused(tmp_path: Path, repository: Path) -> None:
    blob = user_git(repository, "rev-parse", "HEAD:a").strip()
    (tmp_path / "tree").write_bytes(b"100644 .git\0" + bytes.fromhex(blob))
    tree = user_git(repository, "hash-object", "--literally", "-t", "tree", "-w", str(tmp_path / "tree")).strip()
    commit = user_git(repository, "commit-tree", tree, "-m", "x").strip()
    user_git(repository, "update-ref", "refs/heads/evil", commit)
    with pytest.raises(InvalidRequestError, match="refuses"):
        await _import(tmp_path, _bundle(repository, "evil"))


async def test_a_bundle_over_the_limit_is_refused_and_leaves_nothing(tmp_path: Path, repository: Path) -> None:
    with pytest.raises(ExhaustedError, match="larger"):
        await _import(tmp_path, _bundle(repository, "HEAD"), limit=150)
    assert list((tmp_path / "bundles").iterdir()) == []


@pytest.mark.parametrize("bundle_id", ["0" * 64, "../../etc", ""])
async def test_an_unknown_bundle_is_not_found(tmp_path: Path, tree: TaskTree, bundle_id: str) -> None:
    with pytest.raises(NotFoundError):
        await create_tree_from_bundle(tree, tmp_path / "bundles", bundle_id)


async def test_old_bundles_are_removed(tmp_path: Path, repository: Path) -> None:
    imported = await _import(tmp_path, _bundle(repository, "HEAD"))
    place = tmp_path / "bundles" / imported.bundle_id
    prune_bundles(tmp_path / "bundles", time.time() - 86400)
    assert place.exists()
    os.utime(place, (1, 1))
    prune_bundles(tmp_path / "bundles", time.time() - 86400)
    assert not place.exists()


async def test_a_bundle_that_unpacks_to_billions_of_files_is_refused(tmp_path: Path, repository: Path) -> None:
    blob = user_git(repository, "hash-object", "-w", "a").strip()
    entry = f"100644 blob {blob}"
    for _ in range(8):
        listing = "".join(f"{entry}\t{name}\n" for name in "0123456789").encode()
        tree = (await run(["git", "-C", str(repository), "mktree"], stdin=listing)).text
        entry = f"040000 tree {tree}"
    commit = user_git(repository, "commit-tree", tree, "-m", "bomb").strip()
    user_git(repository, "update-ref", "HEAD", commit)
    content = _bundle(repository, "HEAD")
    assert len(content) < 10_000
    with pytest.raises(ExhaustedError, match="unpacks to more than"):
        await _import(tmp_path, content)
    assert list((tmp_path / "bundles").iterdir()) == []
