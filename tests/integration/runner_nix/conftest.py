from collections.abc import Iterator
from pathlib import Path

import pytest

from octrad.foundation.config import Nix
from octrad.runner.server.nix.build_environment import EnvironmentBuilder
from octrad.runner.server.nix.nixpkgs import Nixpkgs, resolve_nixpkgs
from octrad.runner.server.nix.store import NixStore, private_store
from octrad.runner.server.trees.commit_branch import Committed, commit_branch
from octrad.runner.server.trees.create_tree import create_empty_tree
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
