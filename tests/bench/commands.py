"""What the sandbox costs: a command in it against the same in plain `nix develop`, which has no sandbox."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from octrad.foundation.once.connection import ServantConnection
from octrad.runner.client import RunnerClient
from octrad.runner.operations import BuiltEnvironment, Command, EmptySource, StackEnvironment, TreePlace
from tests.bench.figures import Figure
from tests.bench.store import nix_environment
from tests.bench.timing import median_ms, run
from tests.daemon import House

REPEATS = 40
TASK = "benchcmd22"


def measure(daemon: House) -> Iterator[Figure]:
    ours, flake = asyncio.run(sandboxed(daemon))
    develop = ["nix", "--extra-experimental-features", "nix-command flakes", "develop", f"path:{flake}"]
    develop += ["--override-input", "nixpkgs", f"path:{daemon.state_dir}/runner/stand-in", "--no-write-lock-file"]
    environment = nix_environment(daemon)
    reference = median_ms(lambda: run([*develop, "-c", "true"], environment), REPEATS)
    yield Figure("warm sandboxed command", ours, "ms", "ratio", 0.6, "`nix develop -c true`", reference)


async def sandboxed(daemon: House) -> tuple[float, Path]:
    """The median time of `true` through the runner, and a directory with the flake that it ran in."""
    connection = ServantConnection("runner", daemon.state_dir, daemon.base / "octrad.toml")
    runner = RunnerClient(connection)
    try:
        tree = await runner.create_tree(f"{TASK}/prepare/#1", TASK, EmptySource())
        stack = StackEnvironment("plain", ("bash", "coreutils"), "mkShellNoCC")
        built = await runner.build_environment(
            f"{TASK}/environment/#1", TASK, tree.commit, title="A bench", stack=stack
        )
        times = [await one_command(runner, built, number) for number in range(REPEATS)]
        flake = daemon.base / "flake"
        flake.mkdir()
        for file in await runner.read_files(TASK, built.commit, ["flake.nix", "flake.lock"], limit_bytes=100_000):
            (flake / file.path).write_text(file.content, encoding="utf-8")
        await runner.remove_tree(f"{TASK}/remove/#1", TASK)
        return statistics.median(times), flake
    finally:
        await runner.close()
        await connection.close()


async def one_command(runner: RunnerClient, built: BuiltEnvironment, number: int) -> float:
    place = TreePlace(TASK, "main", built.commit)
    request_id = f"{TASK}/check/{number}/#1"
    started = time.perf_counter()
    result = await runner.run_command(request_id, place, Command("true", built.environment_hash))
    elapsed = (time.perf_counter() - started) * 1000
    assert result.succeeded, result
    await runner.acknowledge(request_id)
    return elapsed
