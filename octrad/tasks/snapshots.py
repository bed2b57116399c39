"""The records of snapshots: which tree lies where in the Nix store, and whose it is. The trees are the runner's."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
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
from octrad.tasks.task import Lease, Role

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


class SnapshotNotFoundError(NotFoundError):
    """No snapshot has this name, and no task of this name has one."""

    code = "snapshot_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no snapshot `{name[:80]}`", hint="`octractl snapshots` shows them")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A tree with its history, in the Nix store, held by a GC root."""

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
    """Which snapshots; nothing given means all, newest first."""

    project: str = ""
    task_id: str = ""
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
    values = {"project": query.project, "task_id": query.task_id, "before": before, "limit": length + 1}
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
    return found[0]


async def newest_snapshot(database: Database, project: str) -> Snapshot | None:
    """What the next task of the project begins from: the newest proved snapshot, else the newest partial one."""
    async with database.connection() as connection:
        found = await _fetch(connection, "newest_snapshot", {"project": project})
    return found[0] if found else None


async def _record(connection: AsyncConnection, lease: Lease, new: NewSnapshot, step: str) -> Snapshot:
    task = await lock_task(connection, lease.task_id)
    if task.generation != lease.generation or task.state not in OWNED:
        raise StaleLeaseError(lease)
    values = asdict(new) | {"task_id": task.id, "project": task.project}
    recorded = await _fetch(connection, "find_recorded", values)
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


async def _fetch(connection: AsyncConnection, query: str, values: Mapping[str, object]) -> list[Snapshot]:
    async with connection.cursor(row_factory=class_row(Snapshot)) as cursor:
        await cursor.execute(_QUERIES[query], values)
        return await cursor.fetchall()
