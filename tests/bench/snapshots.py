"""What putting a tree into the store and taking it out again costs over Nix's and coreutils' own tools."""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

from octrad.foundation.once.connection import ServantConnection
from octrad.runner.client import RunnerClient
from octrad.runner.operations import SnapshotSource
from tests.bench.figures import Figure
from tests.bench.store import nix_environment
from tests.bench.timing import median_ms, run
from tests.daemon import House, git, remove_tree

TASK = "benchsnp22"
REPEATS = 3


def measure(daemon: House, scratch: Path) -> Iterator[Figure]:
    for name, files, size_bytes in (("200 MB", 200, 1_000_000), ("20,000 files", 20_000, 500)):
        repository = make_repository(scratch / name.replace(" ", "-"), files, size_bytes)
        task = submitted(daemon, repository)
        yield from measure_tree(daemon, scratch, name, task)
        remove_tree(repository)


def make_repository(path: Path, files: int, size_bytes: int) -> Path:
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    for number in range(files):
        directory = path / f"part-{number // 200:03}"
        directory.mkdir(exist_ok=True)
        (directory / f"file-{number:05}").write_bytes(os.urandom(size_bytes))
    git(path, "add", "-A")
    git(path, "commit", "-qm", "A large tree")
    return path


def submitted(daemon: House, repository: Path) -> dict[str, str]:
    task = daemon.wait(daemon.submit("Add a note", "--from", str(repository)), timeout_s=900)
    assert task["state"] == "TASK_STATE_DONE", task
    return task


def measure_tree(daemon: House, scratch: Path, name: str, task: dict[str, str]) -> Iterator[Figure]:
    steps = {step["name"].partition("/")[0]: step for step in daemon.show(task["id"])["steps"]}
    yield Figure(
        f"snapshot of {name}", float(steps["snapshot"]["duration_ms"]), "ms", "ratio", 1.15,
        "`nix-store --add` of the same tree", plain_add(daemon, scratch, task["store_path"]),
    )  # fmt: skip
    yield Figure(f"snapshot of {name}, unchanged", asyncio.run(unchanged(daemon, task)), "ms", "absolute", 30)
    target = scratch / "restored"
    ours = median_ms(
        lambda: daemon.must("restore", task["id"], str(target)), REPEATS, before=lambda: remove_tree(target)
    )
    copy = scratch / "copied"
    reference = median_ms(
        lambda: run(["cp", "-a", task["store_path"], copy]), REPEATS, before=lambda: remove_tree(copy)
    )
    yield Figure(f"restore of {name}", ours, "ms", "ratio", 1.3, "`cp -a` from the store", reference)
    remove_tree(target)
    remove_tree(copy)


def plain_add(daemon: House, scratch: Path, store_path: str) -> float:
    """Adds the very tree that the snapshot holds, one byte changed so that it is not there yet."""
    tree = scratch / "plain" / "octra-project"
    tree.parent.mkdir()
    run(["cp", "-a", "--no-preserve=mode", store_path, tree])
    (tree / "NOTE.md").write_text("Another note.\n", encoding="utf-8")
    elapsed = median_ms(lambda: run(["nix-store", "--add", tree], nix_environment(daemon)), 1)
    remove_tree(tree.parent)
    return elapsed


async def unchanged(daemon: House, task: dict[str, str]) -> float:
    """Snapshots a tree that came from a snapshot and was not touched."""
    connection = ServantConnection("runner", daemon.state_dir, daemon.base / "octrad.toml")
    runner = RunnerClient(connection)
    try:
        tree = await runner.create_tree(f"{TASK}/prepare/#1", TASK, SnapshotSource(task["store_path"]))
        times = []
        for number in range(5):
            started = time.perf_counter()
            snapshot = await runner.take_snapshot(f"{TASK}/snapshot/{number}/#1", TASK, tree.commit)
            times.append((time.perf_counter() - started) * 1000)
            assert snapshot.unchanged
        await runner.remove_tree(f"{TASK}/remove/#1", TASK)
        for name in ("prepare", "remove", *(f"snapshot/{number}" for number in range(5))):
            await runner.acknowledge(f"{TASK}/{name}/#1")
        return sorted(times)[len(times) // 2]
    finally:
        await runner.close()
        await connection.close()
