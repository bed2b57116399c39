"""What a step says into the context of its project, held until the step is recorded, and written in its transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import AsyncConnection

from octrad.tasks.context.add_entries import add_entries
from octrad.tasks.context.end_entries import end_entries
from octrad.tasks.context.entry import Author, Statement
from octrad.tasks.context.revision import begin_change_by_task


@dataclass(frozen=True, slots=True)
class Said:
    """What an agent says in a step. `ends_team`: its team is done, so what was said to it goes."""

    author: Author
    statements: tuple[Statement, ...] = ()
    ends_team: bool = False


async def record_said(connection: AsyncConnection, said: Sequence[Said]) -> None:
    """Writes it in the caller's transaction, which holds the lock of the task's row."""
    for one in said:
        assert one.author.task_id is not None  # noqa: S101 - a step is of a task
        if one.statements:
            revision = await begin_change_by_task(connection, one.author.task_id)
            await add_entries(connection, revision, one.author, one.statements)
        if one.ends_team:
            await end_entries(connection, one.author.task_id, one.author.team)
