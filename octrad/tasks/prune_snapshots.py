"""Which snapshots are pruned, and which roots may go for it: decided in SQL, in one place. The roots are the runner's.

A snapshot is pruned by its row alone; from then on it is offered to nobody, and its root goes afterwards. So whatever
is interrupted in between leaves a root too many, which the next pruning finds, and never a snapshot without one.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg.rows import class_row

from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.prune_lock import begin_pruning
from octrad.tasks.snapshots import Snapshot

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class PruneOrder:
    """What is to be pruned: a machine's snapshots, of one project or (empty) of all, that are older than `days`."""

    machine: str
    days: int
    project: str = ""


@dataclass(frozen=True, slots=True)
class LooseRoot:
    """A root that holds nothing which is kept."""

    store_path: str
    commit: str


async def prune_snapshots(database: Database, order: PruneOrder, *, dry_run: bool = False) -> tuple[Snapshot, ...]:
    """Marks what may be pruned, and returns it, oldest first; a dry run leaves no mark.

    Raises:
        UnavailableError: the database does not answer.
    """
    values = {"machine": order.machine, "days": order.days, "project": order.project}
    async with database.connection() as connection, connection.transaction():
        await begin_pruning(connection)
        async with connection.cursor(row_factory=class_row(Snapshot)) as cursor:
            await cursor.execute(_QUERIES["prune"], values)
            pruned = await cursor.fetchall()
        if dry_run:
            raise psycopg.Rollback
    return tuple(sorted(pruned, key=lambda snapshot: (snapshot.created_at, snapshot.id)))


async def list_loose_roots(database: Database, machine: str) -> tuple[LooseRoot, ...]:
    """The roots of a machine that may go: of what was pruned now, and of what an earlier pruning was interrupted at."""
    async with database.connection() as connection, connection.cursor(row_factory=class_row(LooseRoot)) as cursor:
        await cursor.execute(_QUERIES["loose_roots"], {"machine": machine})
        return tuple(await cursor.fetchall())


async def list_rooted(database: Database, machine: str) -> frozenset[str]:
    """The store paths of pruned snapshots of a machine that still have a root."""
    async with database.connection() as connection:
        rows = await (await connection.execute(_QUERIES["rooted"], {"machine": machine})).fetchall()
    return frozenset(row[0] for row in rows)


async def note_unrooted(database: Database, machine: str, store_path: str) -> None:
    """Records that a path has no root any more."""
    async with database.connection() as connection, connection.transaction():
        await connection.execute(_QUERIES["note_unrooted"], {"machine": machine, "store_path": store_path})
