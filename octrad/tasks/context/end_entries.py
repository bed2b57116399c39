"""Ends what was said to one team or one agent, when they are done. What was said to all stays."""

from pathlib import Path
from typing import Final

from psycopg import AsyncConnection

from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.context.revision import begin_change_by_task

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


async def end_entries(connection: AsyncConnection, task_id: TaskId, team: str | None = None) -> None:
    """Ends the entries of a team and its agents, or with None those of the whole run, in the caller's transaction.

    The caller holds the lock of the task's row.
    """
    values = {"task_id": task_id, "team": team}
    if await (await connection.execute(_QUERIES["has_any"], values)).fetchone() is None:
        return
    revision = await begin_change_by_task(connection, task_id)
    await connection.execute(_QUERIES["end_entries"], values | {"revision": revision.number})
