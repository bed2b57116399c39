"""Environments that nothing used for long lose their roots; what is used stays; what was dropped is made again."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from octrad.foundation.errors import NotFoundError
from octrad.foundation.process import run
from octrad.runner.operations import StackEnvironment
from octrad.runner.server.nix.build_environment import EnvironmentBuilder, EnvironmentRequest, build_environment
from octrad.runner.server.nix.captured_environments import CapturedEnvironments
from octrad.runner.server.nix.environment import load_environment
from octrad.runner.server.nix.nix_command import is_valid
from octrad.runner.server.trees.task_tree import TaskTree

DAY_S = 86400.0
PYTHON = EnvironmentRequest("A title", StackEnvironment("python", ("python3",)))


@pytest.fixture
def environments(builder: EnvironmentBuilder) -> CapturedEnvironments:
    return CapturedEnvironments(builder.environments_dir, builder.locks)


async def capture(tree: TaskTree, commit: str, builder: EnvironmentBuilder) -> str:
    return (await build_environment(tree, commit, PYTHON, builder)).environment_hash


def age(directory: Path, days: float) -> None:
    """Makes it so long ago that an environment was used or made."""
    then = time.time() - days * DAY_S
    for path in (*directory.iterdir(), directory):
        if not path.is_symlink():
            os.utime(path, (then, then))


def long_ago() -> float:
    return time.time() - 30 * DAY_S


async def test_unused_environment_leaves_the_store_and_is_made_again(
    tree: TaskTree, first: str, builder: EnvironmentBuilder, environments: CapturedEnvironments
) -> None:
    name = await capture(tree, first, builder)
    directory = builder.environments_dir / name
    held = str((directory / "profile").resolve())
    age(directory, 29)
    assert await environments.drop_unused(long_ago()) == ()
    age(directory, 31)
    assert await environments.drop_unused(long_ago()) == (name,)
    assert os.listdir(builder.environments_dir) == []  # noqa: PTH208 - what pathlib would do blocks as well
    with pytest.raises(NotFoundError):
        load_environment(builder.environments_dir, name)
    await run(["nix-store", "--gc"], env=builder.store.environment)
    assert not await is_valid(builder.store, held)
    assert await capture(tree, first, builder) == name
    with environments.use(name) as environment:
        assert (await run([environment.bash, "-c", "python3 --version"], env=environment.variables)).text


async def test_environment_in_use_stays_however_long_ago_that_began(
    tree: TaskTree, first: str, builder: EnvironmentBuilder, environments: CapturedEnvironments
) -> None:
    name = await capture(tree, first, builder)
    with environments.use(name), environments.use(name):
        pass
    with environments.use(name) as environment:
        age(environment.activate.parent, 100)
        assert await environments.drop_unused(long_ago()) == ()
    assert await environments.drop_unused(long_ago()) == (), "its end counts as a use"
    assert load_environment(builder.environments_dir, name).hash == name


async def test_asking_for_an_environment_counts_as_a_use(
    tree: TaskTree, first: str, builder: EnvironmentBuilder, environments: CapturedEnvironments
) -> None:
    name = await capture(tree, first, builder)
    age(builder.environments_dir / name, 100)
    await capture(tree, first, builder)
    assert await environments.drop_unused(long_ago()) == ()


async def test_capturing_and_dropping_at_once_leave_a_whole_environment_or_none(
    tree: TaskTree, first: str, builder: EnvironmentBuilder, environments: CapturedEnvironments
) -> None:
    name = await capture(tree, first, builder)
    for _ in range(3):
        age(builder.environments_dir / name, 100)
        await asyncio.gather(capture(tree, first, builder), environments.drop_unused(long_ago()))
        with environments.use(name) as environment:
            assert (await run([environment.bash, "-c", "python3 --version"], env=environment.variables)).text


async def test_leftovers_of_removals_and_of_captures_that_never_ended_go_too(
    builder: EnvironmentBuilder, environments: CapturedEnvironments
) -> None:
    unfinished = builder.environments_dir / ("0" * 64)
    (unfinished / "flake").mkdir(parents=True)
    (builder.environments_dir / f".dropped-{'1' * 64}").mkdir()
    age(unfinished, 100)
    assert await environments.drop_unused(long_ago()) == ("0" * 64,)
    assert os.listdir(builder.environments_dir) == []  # noqa: PTH208 - as above
