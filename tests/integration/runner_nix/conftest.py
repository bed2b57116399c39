import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from octrad.foundation.config import Nix
from octrad.foundation.process import run
from octrad.runner.server.nix.build_environment import EnvironmentBuilder
from octrad.runner.server.nix.nixpkgs import Nixpkgs, resolve_nixpkgs
from octrad.runner.server.nix.store import NixStore, private_store
from octrad.runner.server.trees.commit_branch import Committed, commit_branch
from octrad.runner.server.trees.create_tree import create_empty_tree
from octrad.runner.server.trees.git import Repository, git
from octrad.runner.server.trees.remove_directory import remove_directory
from octrad.runner.server.trees.reset_branch import reset_branch
from octrad.runner.server.trees.task_tree import TaskTree, task_tree


@pytest.fixture
def runner_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "runner"
    remove_directory(tmp_path / "runner")  # the store is read-only: pytest could not, as an ordinary user


@pytest.fixture
def store(runner_dir: Path) -> NixStore:
    return private_store(runner_dir / "nix")


@pytest.fixture
async def nixpkgs(runner_dir: Path) -> Nixpkgs:
    return await resolve_nixpkgs(Nix(nixpkgs="stand-in"), runner_dir)


@pytest.fixture
def builder(store: NixStore, nixpkgs: Nixpkgs, runner_dir: Path) -> EnvironmentBuilder:
    return EnvironmentBuilder(store, nixpkgs, runner_dir / "environments", 60)


@pytest.fixture
def tree(runner_dir: Path) -> TaskTree:
    return task_tree(runner_dir, "bcdfg")


@pytest.fixture
async def first(tree: TaskTree) -> str:
    return (await create_empty_tree(tree)).commit


async def write_and_commit(tree: TaskTree, parent: str, files: dict[str, str]) -> Committed:
    work = await reset_branch(tree, "main", parent)
    for name, content in files.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(content)
    return await commit_branch(tree, "main", parent, "Write")


async def commit_as_user(tree: TaskTree, parent: str, files: dict[str, str]) -> str:
    """Commits files as the project's user would, who is not the runner."""
    written = await write_tree(tree, parent, files)
    identity = {f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    argv = ["git", "--git-dir", str(tree.git_dir), "commit-tree", written, "-p", parent, "-m", "By hand"]
    return (await run(argv, env={"PATH": os.environ["PATH"], **identity})).text


async def write_tree(tree: TaskTree, parent: str, files: dict[str, str]) -> str:
    """The tree object of a commit's files and these, whatever they are called."""
    work = await reset_branch(tree, "main", parent)
    for name, content in files.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(content)
    repository = Repository(tree.git_dir, work, tree.index("main"))
    await git(repository, "add", "-A")
    return (await git(repository, "write-tree")).text
