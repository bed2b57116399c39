"""A real runner process of its own for the module, on the stand-in for nixpkgs, and a tree to work in."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from octrad.foundation.once.connection import ServantConnection
from octrad.runner.client import RunnerClient
from octrad.runner.operations import Command, CommandResult, EmptySource, OnProgress, StackEnvironment, TreePlace
from octrad.runner.server.trees.remove_directory import remove_directory

CONFIG = """
[nix]
nixpkgs = "stand-in"
store = "private"
[sandbox]
command_timeout_s = 20
output_bytes = 2000000
memory_bytes = 400000000
processes = 64
file_bytes = 50000000
[servant]
idle_exit_s = 60
"""
STACK = StackEnvironment(name="python", attributes=("python3",), ignore=("__pycache__/",))
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Place:
    """A state directory whose runner is up, and the environment that was built in it."""

    state_dir: Path
    config_path: Path
    environment_hash: str


@dataclass(frozen=True, slots=True)
class Project:
    """A fresh tree of that runner."""

    client: RunnerClient
    place: Place
    task_id: str
    commit: str

    def request_id(self, step: str = "step") -> str:
        return f"{self.task_id}/{step}-{next(_numbers)}/#1"

    def main(self, commit: str = "") -> TreePlace:
        return TreePlace(self.task_id, "main", commit or self.commit)

    @property
    def work_dir(self) -> Path:
        return self.place.state_dir / "runner" / "trees" / self.task_id / "work" / "main"

    async def run(
        self,
        command: str,
        *,
        timeout_s: float = 0.0,
        network: bool = False,
        commit_subject: str = "",
        commit: str = "",
        on_output: OnProgress | None = None,
    ) -> CommandResult:
        asked = Command(command, self.place.environment_hash, network, timeout_s, commit_subject)
        return await self.client.run_command(self.request_id(), self.main(commit), asked, on_output=on_output)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    state_dir = tmp_path_factory.mktemp("state")
    config_path = state_dir.with_suffix(".toml")
    config_path.write_text(CONFIG)
    yield Place(state_dir, config_path, asyncio.run(_build(state_dir, config_path)))
    assert asyncio.run(ServantConnection("runner", state_dir, config_path).stop(timeout_s=20))
    remove_directory(state_dir)


async def _build(state_dir: Path, config_path: Path) -> str:
    client = RunnerClient(ServantConnection("runner", state_dir, config_path))
    created = await client.create_tree("first/prepare/#1", "bfirst", EmptySource())
    built = await client.build_environment("first/env/#1", "bfirst", created.commit, title="A test", stack=STACK)
    assert built.stand_in
    await client.close()
    return built.environment_hash


@pytest.fixture
async def client(place: Place) -> AsyncIterator[RunnerClient]:
    client = RunnerClient(ServantConnection("runner", place.state_dir, place.config_path))
    yield client
    await client.close()


@pytest.fixture
async def project(client: RunnerClient, place: Place) -> AsyncIterator[Project]:
    task_id = f"t{next(_numbers)}".translate(str.maketrans("0123456789", "bcdfghjkmn"))
    created = await client.create_tree(f"{task_id}/prepare/#1", task_id, EmptySource())
    yield Project(client, place, task_id, created.commit)
    await client.remove_tree(f"{task_id}/remove/#1", task_id)
