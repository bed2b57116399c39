"""Forgets entries of a project because a person says so: they are marked, and no question is told them from then on.

Agents cannot: whoever makes a model write something could have it forget what people said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from octrad.foundation.errors import NotFoundError
from octrad.foundation.postgres.pool import Connection, Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.context.entry import ContextEntry
from octrad.tasks.context.entry_row import entry_row
from octrad.tasks.context.revision import begin_change
from octrad.tasks.request_ids import RequestIdReusedError

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


class NothingToForgetError(NotFoundError):
    """No entry that counts is what was named."""

    code = "nothing_to_forget"


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What is to be forgotten: the entry of an id, or all that contain a text, in whatever case."""

    id: int | None = None
    text: str = ""

    def is_about(self, entry: ContextEntry) -> bool:
        """Whether an entry is one of these."""
        return (self.id is None or self.id == entry.id) and self.text.lower() in entry.content.lower()


async def forget_entries(
    database: Database, project: str, wanted: Forgetting, *, uid: int, request_id: str = ""
) -> tuple[ContextEntry, ...]:
    """Marks entries of any scope forgotten, and returns them, newest first.

    Raises:
        NothingToForgetError: none fits.
        ProjectNotFoundError: there is no such project.
        RequestIdReusedError: the request id was used for something else.
        UnavailableError: the database does not answer.
    """
    values = {"project": project, "id": wanted.id, "text": wanted.text, "uid": uid, "request_id": request_id}
    async with database.connection() as connection, connection.transaction():
        revision = await begin_change(connection, project)
        made = await _entries(connection, "find_request", values) if request_id else ()
        if made:
            if not all(entry.project == project and wanted.is_about(entry) for entry in made):
                raise RequestIdReusedError(request_id)
            return made
        await connection.execute(_QUERIES["forget"], values | {"revision": revision.number})
        forgotten = await _entries(connection, "forgotten_at", values | {"revision": revision.number})
        if not forgotten:
            raise NothingToForgetError(
                f"nothing in the context of project `{project}` is that",
                hint=f"`octractl context list {project}` shows what there is",
            )
        return forgotten


async def _entries(connection: Connection, query: str, values: Mapping[str, object]) -> tuple[ContextEntry, ...]:
    async with connection.cursor(row_factory=entry_row) as cursor:
        await cursor.execute(_QUERIES[query], values)
        return tuple(await cursor.fetchall())
