"""A real runner with a private store for the module, and a fresh database for every test."""

import asyncio
import itertools
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from octrad.foundation.config import Config, Snapshots
from octrad.foundation.once.connection import ServantConnection
from octrad.foundation.postgres.pool import Database
from octrad.foundation.process import run
from octrad.foundation.settings import Settings
from octrad.retention.prune_snapshots import SnapshotPruner
from octrad.runner.client import RunnerClient
from octrad.runner.edits import WholeFile
from octrad.runner.operations import EmptySource, TreePlace
from octrad.runner.server.nix.nix_command import is_valid
from octrad.runner.server.nix.store import NixStore, private_store
from octrad.tasks.snapshots import NewSnapshot, Snapshot, record_snapshot
from tests.daemon import remove_tree
from tests.integration.tasks.conftest import database, dsn, server  # fixtures
from tests.integration.tasks.steps import MACHINE, finish, submit_and_claim

__all__ = ["database", "dsn", "server"]

CONFIG = '[nix]\nnixpkgs = "stand-in"\nstore = "private"\n'
DAY_S = 86400.0
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def state_dir() -> Iterator[Path]:
    base = Path(tempfile.mkdtemp(prefix="octra-r-"))
    (base / "octrad.toml").write_text(CONFIG, encoding="utf-8")
    yield base
    assert asyncio.run(ServantConnection("runner", base).stop(timeout_s=20))
    remove_tree(base)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where tests put snapshots of tasks that ended, and prune them."""

    database: Database
    runner: RunnerClient
    state_dir: Path
    store: NixStore
    roots: Path

    def pruner(self, days: int | None = 30, runner: RunnerClient | None = None) -> SnapshotPruner:
        settings = Settings(Config(snapshots=Snapshots(retention_days=days)))
        return SnapshotPruner(self.database, runner or self.runner, MACHINE, settings)

    async def put(self, *, project: str, days: int = 0, commit_of: Snapshot | None = None) -> Snapshot:
        """A snapshot that a task left so many days ago; of a tree of its own, or of that of another snapshot."""
        lease = await submit_and_claim(self.database, project=project)
        new = await self._make(lease.task_id) if commit_of is None else _same_tree(commit_of)
        snapshot = await record_snapshot(self.database, lease, new)
        await finish(self.database, lease)
        async with self.database.connection() as connection:
            await connection.execute(
                "UPDATE snapshots SET created_at = now() - make_interval(days => %s) WHERE id = %s",
                (days, snapshot.id),
            )
        then = time.time() - days * DAY_S
        os.utime(self.root(snapshot).with_suffix(".json"), (then, then))
        return snapshot

    async def _make(self, task_id: str) -> NewSnapshot:
        created = await self.runner.create_tree(f"{task_id}/prepare/#1", task_id, EmptySource())
        place = TreePlace(task_id, "main", created.commit)
        text = WholeFile("number", f"{next(_numbers)}\n")
        applied = await self.runner.apply_edits(f"{task_id}/edit/#1", place, [text], subject="Write")
        taken = await self.runner.take_snapshot(f"{task_id}/snapshot/#1", task_id, applied.commit)
        await self.runner.remove_tree(f"{task_id}/remove/#1", task_id)
        return NewSnapshot(taken.store_path, taken.nar_hash, taken.size_bytes, applied.commit, partial=False)

    def root(self, snapshot: Snapshot) -> Path:
        return self.roots / snapshot.commit

    async def collect_garbage(self) -> None:
        await run(["nix-store", "--gc"], env=self.store.environment)

    async def has(self, snapshot: Snapshot) -> bool:
        return await is_valid(self.store, snapshot.store_path)


def _same_tree(snapshot: Snapshot) -> NewSnapshot:
    return NewSnapshot(
        snapshot.store_path, snapshot.nar_hash, snapshot.size_bytes, snapshot.commit, partial=snapshot.partial
    )


@pytest.fixture
async def shelf(database: Database, state_dir: Path) -> AsyncIterator[Shelf]:
    connection = ServantConnection("runner", state_dir, state_dir / "octrad.toml")
    yield make_shelf(database, connection, state_dir)
    await connection.close()


def make_shelf(database: Database, connection: ServantConnection, state_dir: Path, roots: Path | None = None) -> Shelf:
    store = private_store(state_dir / "runner" / "nix")
    return Shelf(database, RunnerClient(connection), state_dir, store, roots or state_dir / "runner" / "snapshots")
