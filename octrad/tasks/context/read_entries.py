"""Reads the context of a project: what counted at a revision, for a question; or page by page, for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Connection, Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.context.entry import ContextEntry, ContextScope
from octrad.tasks.context.entry_row import entry_row
from octrad.tasks.pages import page_length, page_token, read_page_token

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))
# Of each place the newest of people's rules, of agents' rules and of messages: more than a prompt has room for.
READ_AT_MOST: Final = 64
_PAGE: Final = "context"


@dataclass(frozen=True, slots=True)
class ContextQuery:
    """Which entries, and which page of them. Those of a task are those that were said in it."""

    project: str = ""
    task_id: TaskId | None = None
    scope: ContextScope | None = None
    include_gone: bool = False
    page_size: int = 0
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class ContextPage:
    """Some of the entries, newest first, and the token of the next page, empty on the last."""

    entries: tuple[ContextEntry, ...]
    next_page_token: str


async def entries_at(
    database: Database, project: str, places: Sequence[str], revision: int
) -> tuple[ContextEntry, ...]:
    """What counted in some places at a revision, oldest first. The same for the same arguments, always.

    Raises:
        UnavailableError: the database stays away.
    """
    values = {"project": project, "places": list(places), "revision": revision, "limit": READ_AT_MOST}

    async def read(connection: Connection) -> tuple[ContextEntry, ...]:
        async with connection.cursor(row_factory=entry_row) as cursor:
            await cursor.execute(_QUERIES["at_revision"], values)
            return tuple(await cursor.fetchall())

    return await database.read(read)


async def list_entries(database: Database, query: ContextQuery) -> ContextPage:
    """One page of the entries that fit.

    Raises:
        InvalidRequestError: a page size out of bounds, or a page token of another list.
        UnavailableError: the database does not answer.
    """
    length = page_length(query.page_size)
    values = {
        "project": query.project,
        "task_id": query.task_id,
        "scope": query.scope or "",
        "include_gone": query.include_gone,
        "before": read_page_token(_PAGE, query.page_token),
        "limit": length + 1,
    }
    chosen = _QUERIES["of_task" if query.task_id else "of_project"]
    async with database.connection() as connection, connection.cursor(row_factory=entry_row) as cursor:
        await cursor.execute(chosen, values)
        entries = tuple(await cursor.fetchall())
    more = len(entries) > length
    return ContextPage(entries[:length], page_token(_PAGE, entries[length - 1].id) if more else "")
