"""What was proved: this command exited 0 on this very tree in this very environment. Proved once, never run again."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import class_row

from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.append_events import StaleLeaseError
from octrad.tasks.task import Lease

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class Evidence:
    """A command that exited 0."""

    command: str
    tree_hash: str
    environment_hash: str
    at: datetime


async def reuse_evidence(
    database: Database, task_id: TaskId, *, tree_hash: str, environment_hash: str, command: str
) -> Evidence | None:
    """The evidence for this command on this tree in this environment, or None.

    What is found is listed for the task from now on, as what it rests on.
    """
    values = {
        "task_id": task_id,
        "tree_hash": tree_hash,
        "environment_hash": environment_hash,
        "command": command,
    }

    async def reuse(connection: AsyncConnection) -> Evidence | None:
        async with connection.cursor(row_factory=class_row(Evidence)) as cursor:
            await cursor.execute(_QUERIES["reuse_evidence"], values)
            return await cursor.fetchone()

    return await database.run(reuse)


async def record_evidence(
    database: Database, lease: Lease, *, tree_hash: str, environment_hash: str, command: str
) -> None:
    """Writes down what the task's owner proved; twice is once.

    Raises:
        StaleLeaseError: the lease has ended.
    """
    values = {
        "task_id": lease.task_id,
        "generation": lease.generation,
        "tree_hash": tree_hash,
        "environment_hash": environment_hash,
        "command": command,
    }

    async def record(connection: AsyncConnection) -> None:
        if await (await connection.execute(_QUERIES["record_evidence"], values)).fetchone() is None:
            raise StaleLeaseError(lease)

    await database.run(record)


async def list_evidence(database: Database, task_id: TaskId) -> tuple[Evidence, ...]:
    """All that the task rests on, oldest first."""
    async with (
        database.connection() as connection,
        connection.cursor(row_factory=class_row(Evidence)) as cursor,
    ):
        await cursor.execute(_QUERIES["list_evidence"], {"task_id": task_id})
        return tuple(await cursor.fetchall())
