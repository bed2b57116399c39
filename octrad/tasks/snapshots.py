"""The records of snapshots: which tree lies where in the Nix store, and whose it is. The trees are the runner's."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import class_row

from octrad.foundation.errors import NotFoundError, OctraError
from octrad.foundation.ids import SnapshotId, TaskId, is_id_prefix, new_id
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.append_events import NewEvent, StaleLeaseError, append_events
from octrad.tasks.events import Snapshotted
from octrad.tasks.find_task import AmbiguousNameError, lock_task
from octrad.tasks.machine import OWNED
from octrad.tasks.pages import page_length, page_token, read_page_token
from octrad.tasks.prune_lock import hold_off_pruning
from octrad.tasks.task import Lease, Role

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


class SnapshotNotFoundError(NotFoundError):
    """No snapshot has this name, and no task of this name has one."""

    code = "snapshot_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no snapshot `{name[:80]}`", hint="`octractl snapshots` shows them")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A tree with its history, in the Nix store, held by a GC root; or what is still known of one that was pruned."""

    id: SnapshotId
    task_id: TaskId
    project: str
    store_path: str
    nar_hash: str
    size_bytes: int
    commit: str
    created_at: datetime
    partial: bool
    rehearsal: bool
    pruned_at: datetime | None


class SnapshotPrunedError(NotFoundError):
    """The snapshot was there and is pruned."""

    code = "snapshot_pruned"

    def __init__(self, snapshot_id: SnapshotId, pruned_at: datetime, *, hint: str) -> None:
        super().__init__(f"snapshot {snapshot_id} was pruned on {pruned_at.astimezone(UTC):%Y-%m-%d}", hint=hint)


@dataclass(frozen=True, slots=True)
class NewSnapshot:
    """What the runner made, before it has an id."""

    store_path: str
    nar_hash: str
    size_bytes: int
    commit: str
    partial: bool
    rehearsal: bool = False


@dataclass(frozen=True, slots=True)
class SnapshotQuery:
    """Which snapshots; nothing given means all that are kept, newest first."""

    project: str = ""
    task_id: str = ""
    include_pruned: bool = False
    page_size: int = 0
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class SnapshotPage:
    """Some of the snapshots, and the token of the next page, empty on the last."""

    snapshots: tuple[Snapshot, ...]
    next_page_token: str


async def record_snapshot(database: Database, lease: Lease, new: NewSnapshot, *, step: str = "") -> Snapshot:
    """Gives the snapshot an id, makes it the task's newest and tells of it. The same tree again is the same snapshot.

    Raises:
        StaleLeaseError: the lease has ended.
        UnavailableError: the database stayed away for too long.
    """

    async def record(connection: AsyncConnection) -> Snapshot:
        return await _record(connection, lease, new, step)

    return await database.run(record)


async def list_snapshots(database: Database, query: SnapshotQuery) -> SnapshotPage:
    """One page of the snapshots that fit, newest first.

    Raises:
        InvalidRequestError: a page size out of bounds, or a page token of another list.
    """
    length, before = page_length(query.page_size), read_page_token("snapshots", query.page_token)
    values = {
        "project": query.project,
        "task_id": query.task_id,
        "pruned": query.include_pruned,
        "before": before,
        "limit": length + 1,
    }
    async with database.connection() as connection:
        found = await _fetch(connection, "list_snapshots", values)
        if len(found) <= length:
            return SnapshotPage(tuple(found), "")
        last = await (await connection.execute(_QUERIES["ordinal_of"], {"id": found[length - 1].id})).fetchone()
    return SnapshotPage(tuple(found[:length]), page_token("snapshots", last[0]) if last else "")


async def find_snapshot(database: Database, name: str) -> Snapshot:
    """The snapshot whose id begins with `name`, or the newest of the task whose id does.

    Raises:
        SnapshotNotFoundError: there is none.
        SnapshotPrunedError: there was one.
        AmbiguousNameError: there are several; the error names them.
    """
    if not is_id_prefix(name):
        raise SnapshotNotFoundError(name)
    async with database.connection() as connection:
        found = await _fetch(connection, "find_snapshots", {"name": name})
    if not found:
        raise SnapshotNotFoundError(name)
    if len(found) > 1 and name not in {found[0].id, found[0].task_id}:
        raise AmbiguousNameError(name, [snapshot.id for snapshot in found], field="snapshot")
    if found[0].pruned_at is not None:
        hint = f"octractl snapshots --project {found[0].project}"
        raise SnapshotPrunedError(found[0].id, found[0].pruned_at, hint=hint)
    return found[0]


async def when_pruned(database: Database, snapshot_id: SnapshotId) -> datetime | None:
    """When a snapshot was pruned; None when it is kept, or there is none of that id."""
    async with database.connection() as connection:
        return await _pruned_at(connection, snapshot_id)


async def require_kept(connection: AsyncConnection, snapshot_id: SnapshotId, *, hint: str) -> None:
    """Accepts a snapshot that was not pruned; the caller holds pruning off.

    Raises:
        SnapshotPrunedError: it was.
    """
    pruned = await _pruned_at(connection, snapshot_id)
    if pruned is not None:
        raise SnapshotPrunedError(snapshot_id, pruned, hint=hint)


async def choose_base(database: Database, lease: Lease, project: str) -> Snapshot | None:
    """What a task of the project begins with: the newest proved snapshot, else the newest; not pruned until it ends.

    Raises:
        StaleLeaseError: the lease has ended.
        UnavailableError: the database stayed away for too long.
    """

    async def choose(connection: AsyncConnection) -> Snapshot | None:
        await hold_off_pruning(connection)
        found = await _fetch(connection, "newest_snapshot", {"project": project})
        if not found:
            return None
        values = {"id": found[0].id, "task_id": lease.task_id, "generation": lease.generation}
        if (await connection.execute(_QUERIES["note_base"], values)).rowcount == 0:
            raise StaleLeaseError(lease)
        return found[0]

    return await database.run(choose)


async def _record(connection: AsyncConnection, lease: Lease, new: NewSnapshot, step: str) -> Snapshot:
    task = await lock_task(connection, lease.task_id)
    if task.generation != lease.generation or task.state not in OWNED:
        raise StaleLeaseError(lease)
    values = asdict(new) | {"task_id": task.id, "project": task.project, "machine": task.machine}
    recorded = await _fetch(connection, "find_recorded", values)
    if recorded and recorded[0].pruned_at is not None:
        revived = await _fetch(connection, "revive_snapshot", values | {"id": recorded[0].id})
        return await _announce(connection, revived[0], step)
    if recorded:
        proved = (await _fetch(connection, "prove_snapshot", values | {"id": recorded[0].id}))[0]
        if proved.partial == recorded[0].partial and task.snapshot_id == proved.id:
            return proved
        return await _announce(connection, proved, step)
    added = await _fetch(connection, "add_snapshot", values | {"id": new_id()})
    if not added:  # pragma: no cover - INSERT … RETURNING gives its row
        raise OctraError("the database took a snapshot and gave nothing back")
    return await _announce(connection, added[0], step)


async def _announce(connection: AsyncConnection, snapshot: Snapshot, step: str) -> Snapshot:
    values = {"id": snapshot.id, "store_path": snapshot.store_path, "task_id": snapshot.task_id}
    await connection.execute(_QUERIES["name_newest"], values)
    told = Snapshotted(snapshot.id, snapshot.store_path, snapshot.size_bytes, snapshot.partial)
    await append_events(connection, snapshot.task_id, [NewEvent(told, Role.DAEMON, step=step)])
    return snapshot


async def _pruned_at(connection: AsyncConnection, snapshot_id: SnapshotId) -> datetime | None:
    row = await (await connection.execute(_QUERIES["pruned_at"], {"id": snapshot_id})).fetchone()
    return row[0] if row else None


async def _fetch(connection: AsyncConnection, query: str, values: Mapping[str, object]) -> list[Snapshot]:
    async with connection.cursor(row_factory=class_row(Snapshot)) as cursor:
        await cursor.execute(_QUERIES[query], values)
        return await cursor.fetchall()
