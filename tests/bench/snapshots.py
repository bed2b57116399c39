"""What putting a tree into the store and taking it out again costs over Nix's and coreutils' own tools.

What one repetition wrote reaches the disk before the next is timed; else it would slow whatever comes next.
"""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octrad.foundation.once.connection import ServantConnection
from octrad.runner.client import RunnerClient
from octrad.runner.edits import WholeFile
from octrad.runner.operations import Snapshot, SnapshotSource, TreePlace
from tests.bench.figures import Figure
from tests.bench.store import nix_environment
from tests.bench.timing import Pair, await_ms, in_turn, medians, run, time_ms
from tests.daemon import House, git, remove_tree

TASK = "benchsnp22"
REPEATS = 4
LOOKS = 10


@dataclass(frozen=True, slots=True)
class Trees:
    """A task that ended with a large snapshot, and a plain copy of that snapshot."""

    store_path: str
    copy: Path


def measure(daemon: House, scratch: Path) -> Iterator[Figure]:
    for name, files, size_bytes in (("200 MB", 200, 1_000_000), ("20,000 files", 20_000, 500)):
        repository = make_repository(scratch / "repository", files, size_bytes)
        task = submitted(daemon, repository)
        remove_tree(repository)
        yield from measure_snapshots(daemon, scratch, name, task["store_path"])
        yield measure_restore(daemon, scratch, name, task)


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


def submitted(daemon: House, repository: Path) -> dict[str, Any]:
    task = daemon.wait(daemon.submit("Add a note", "--from", str(repository)), timeout_s=900)
    assert task["state"] == "TASK_STATE_DONE", task
    return task


def measure_snapshots(daemon: House, scratch: Path, name: str, store_path: str) -> Iterator[Figure]:
    # The name of what is added becomes part of its path, so the copy gets that of a snapshot.
    copy = scratch / "plain" / "octra-project"
    copy.parent.mkdir()
    run(["cp", "-a", "--no-preserve=mode", store_path, copy])
    taken, unchanged = asyncio.run(snapshots_in_turn(daemon, Trees(store_path, copy)))
    remove_tree(copy.parent)
    reference = "`nix-store --add` of the same tree"
    yield Figure(f"snapshot of {name}", taken.ours, "ms", "ratio", 1.15, reference, taken.reference)
    yield Figure(f"snapshot of {name}, unchanged", unchanged, "ms", "absolute", 30)


async def snapshots_in_turn(daemon: House, trees: Trees) -> tuple[Pair, float]:
    """A snapshot after an edit and a plain addition after the same edit, in turn; then snapshots of what is there."""
    connection = ServantConnection("runner", daemon.state_dir, daemon.base / "octrad.toml")
    runner = RunnerClient(connection)
    try:
        head = (await runner.create_tree(f"{TASK}/prepare/#1", TASK, SnapshotSource(trees.store_path))).commit
        pairs = []
        for number in range(REPEATS):
            note = f"Note {number}.\n"
            edit = WholeFile("NOTE.md", note)
            place = TreePlace(TASK, "main", head)
            head = (await runner.apply_edits(f"{TASK}/apply/{number}/#1", place, [edit], subject="Note")).commit
            (trees.copy / "NOTE.md").write_text(f"Plain {note}", encoding="utf-8")
            await asyncio.to_thread(os.sync)
            ours = await await_ms(take_snapshot(runner, f"snapshot/{number}", head))
            pairs.append((ours, await asyncio.to_thread(time_ms, lambda: add_plainly(daemon, trees.copy))))
        await asyncio.to_thread(os.sync)
        looks = [await await_ms(take_snapshot(runner, f"again/{look}", head)) for look in range(LOOKS)]
        await runner.remove_tree(f"{TASK}/remove/#1", TASK)
        await runner.acknowledge_all(f"{TASK}/")
        return medians(pairs), sorted(looks)[LOOKS // 2]
    finally:
        await connection.close()


async def take_snapshot(runner: RunnerClient, step: str, commit: str) -> Snapshot:
    return await runner.take_snapshot(f"{TASK}/{step}/#1", TASK, commit)


def add_plainly(daemon: House, tree: Path) -> None:
    run(["nix-store", "--add", tree], nix_environment(daemon))


def measure_restore(daemon: House, scratch: Path, name: str, task: dict[str, Any]) -> Figure:
    target = scratch / "restored"
    times = in_turn(
        lambda: daemon.must("restore", task["id"], str(target)),
        lambda: run(["cp", "-a", task["store_path"], target]),
        REPEATS,
        before=lambda: remove_from_disk(target),
    )
    remove_tree(target)
    return Figure(f"restore of {name}", times.ours, "ms", "ratio", 1.3, "`cp -a` from the store", times.reference)


def remove_from_disk(path: Path) -> None:
    remove_tree(path)
    os.sync()
