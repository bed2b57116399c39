"""Adds to the context of a project: what agents say, in their step's transaction, and what people say.

Every addition is followed by the clean-up of its place (`keep_entries`), in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import class_row

from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.context.entry import Author, ContextEntry, ContextType, Statement, place_of
from octrad.tasks.context.entry_row import entry_row
from octrad.tasks.context.keep_entries import Kept, entries_to_remove
from octrad.tasks.context.revision import Revision, begin_change
from octrad.tasks.request_ids import RequestIdReusedError
from octrad.tasks.storable_text import storable_text

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


async def add_entries(
    connection: AsyncConnection, revision: Revision, author: Author, statements: Sequence[Statement]
) -> None:
    """Adds what an agent says, in the caller's transaction."""
    for statement in statements:
        await _add(connection, revision, author, statement)


async def say(
    database: Database, project: str, author: Author, statement: Statement, *, request_id: str = ""
) -> ContextEntry:
    """Adds what a person says; said before and not gone since, it is not added again.

    Args:
        database: the truth.
        project: whose context it is.
        author: the person.
        statement: in the global scope.
        request_id: makes the call idempotent, unless empty.

    Raises:
        ProjectNotFoundError: there is no such project.
        RequestIdReusedError: the request id was used for something else.
        UnavailableError: the database does not answer.
    """
    async with database.connection() as connection, connection.transaction():
        revision = await begin_change(connection, project)
        made = await _find_made(connection, author, request_id)
        if made is None:
            return await _add(connection, revision, author, statement, request_id)
        if (made.project, made.type, made.content) != (project, statement.type, statement.content):
            raise RequestIdReusedError(request_id)
        return made


async def _find_made(connection: AsyncConnection, author: Author, request_id: str) -> ContextEntry | None:
    if not request_id:
        return None
    async with connection.cursor(row_factory=entry_row) as cursor:
        await cursor.execute(_QUERIES["find_request"], {"uid": author.uid, "request_id": request_id})
        return await cursor.fetchone()


async def _add(
    connection: AsyncConnection, revision: Revision, author: Author, statement: Statement, request_id: str = ""
) -> ContextEntry:
    values = asdict(author) | {
        "project": revision.project,
        "revision": revision.number,
        "place": place_of(statement.scope, author),
        "scope": statement.scope,
        "type": statement.type,
        "content": storable_text(statement.content),
        "important": statement.important or statement.type is ContextType.RULE,
        "request_id": request_id,
    }
    async with connection.cursor(row_factory=entry_row) as cursor:
        await cursor.execute(_QUERIES["find_same"], values)
        same = await cursor.fetchone()
        if same is not None:
            return same
        await cursor.execute(_QUERIES["add_entry"], values)
        [added] = await cursor.fetchall()
    await _clean_up(connection, values)
    return added


async def _clean_up(connection: AsyncConnection, values: dict[str, object]) -> None:
    async with connection.cursor(row_factory=class_row(Kept)) as cursor:
        await cursor.execute(_QUERIES["messages"], values)
        ids = entries_to_remove(await cursor.fetchall())
    if ids:
        await connection.execute(_QUERIES["remove_entries"], values | {"ids": list(ids)})
