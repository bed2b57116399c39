"""What the sandbox costs: a command in it against the same in plain `nix develop`, which has no sandbox."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from octrad.foundation.once.connection import ServantConnection
from octrad.runner.client import RunnerClient
from octrad.runner.operations import BuiltEnvironment, Command, EmptySource, StackEnvironment, TreePlace
from tests.bench.figures import Figure
from tests.bench.store import nix_environment
from tests.bench.timing import Pair, await_ms, medians, run, time_ms
from tests.daemon import House

REPEATS = 40
TASK = "benchcmd22"


def measure(daemon: House) -> Iterator[Figure]:
    times = asyncio.run(commands_in_turn(daemon))
    yield Figure("warm sandboxed command", times.ours, "ms", "ratio", 0.6, "`nix develop -c true`", times.reference)


async def commands_in_turn(daemon: House) -> Pair:
    """`true` through the runner and in plain `nix develop`, of the same flake, in turn."""
    connection = ServantConnection("runner", daemon.state_dir, daemon.base / "octrad.toml")
    runner = RunnerClient(connection)
    try:
        tree = await runner.create_tree(f"{TASK}/prepare/#1", TASK, EmptySource())
        stack = StackEnvironment("plain", ("bash", "coreutils"), "mkShellNoCC")
        built = await runner.build_environment(
            f"{TASK}/environment/#1", TASK, tree.commit, title="A bench", stack=stack
        )
        develop = develop_argv(daemon, await written_flake(daemon, runner, built))
        environment = nix_environment(daemon)
        pairs = [
            (
                await await_ms(one_command(runner, built, number)),
                await asyncio.to_thread(time_ms, lambda: run(develop, environment)),
            )
            for number in range(1 + REPEATS)
        ]
        await runner.remove_tree(f"{TASK}/remove/#1", TASK)
        await runner.acknowledge_all(f"{TASK}/")
        return medians(pairs[1:])  # the first fills Nix's caches
    finally:
        await connection.close()


async def written_flake(daemon: House, runner: RunnerClient, built: BuiltEnvironment) -> Path:
    """A directory with the flake that the commands run in."""
    flake = daemon.base / "flake"
    flake.mkdir()
    for file in await runner.read_files(TASK, built.commit, ["flake.nix", "flake.lock"], limit_bytes=100_000):
        (flake / file.path).write_text(file.content, encoding="utf-8")
    return flake


def develop_argv(daemon: House, flake: Path) -> list[str]:
    nixpkgs = ["--override-input", "nixpkgs", f"path:{daemon.state_dir}/runner/stand-in", "--no-write-lock-file"]
    nix = ["nix", "--extra-experimental-features", "nix-command flakes"]
    return [*nix, "develop", f"path:{flake}", *nixpkgs, "-c", "true"]


async def one_command(runner: RunnerClient, built: BuiltEnvironment, number: int) -> None:
    place = TreePlace(TASK, "main", built.commit)
    request_id = f"{TASK}/check/{number}/#1"
    result = await runner.run_command(request_id, place, Command("true", built.environment_hash))
    assert result.succeeded, result
