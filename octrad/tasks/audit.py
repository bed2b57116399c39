"""The audit log: who asked for a change, of what, and whether they were let through.

Rows are added, never changed, and go when they are old. Whoever may do nothing cannot fill it: the refusals of a user
and a method leave one row an hour; where they had a role, and it was the task that was not theirs, one for each task.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from psycopg.rows import class_row

from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.pages import page_length, page_token, read_page_token
from octrad.tasks.storable_text import storable_text

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))
# Of a target or a request id; both come from callers.
TEXT_CHARACTERS: Final = 200


class Outcome(StrEnum):
    """What became of a call at the door of the API; whether it then did what it should is the task's history."""

    ALLOWED = "allowed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class NewAuditEvent:
    """What is to be written down. `target` is a task's id, a project or a budget (`day`, `task:ID`), if there is one.

    `target_exists` says that it was found, and is not only what the caller said.
    """

    uid: int
    user_name: str
    method: str
    target: str
    request_id: str
    outcome: Outcome
    target_exists: bool = False


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """A row of the log."""

    ordinal: int
    at: datetime
    uid: int
    user_name: str
    method: str
    target: str
    request_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which rows; nothing given means all. `user` is a name or a number.

    `target` is the beginning of one; that of a task's id means its budget too.
    """

    user: str = ""
    target: str = ""
    page_size: int = 0
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some of the rows, newest first, and the token of the next page, empty on the last."""

    events: tuple[AuditEvent, ...]
    next_page_token: str


async def add_audit_event(database: Database, new: NewAuditEvent) -> None:
    """Writes one row; of a refusal only when none of its kind was written within the hour.

    Raises:
        UnavailableError: the database does not answer; then nothing is written.
    """
    values = {
        "uid": new.uid,
        "user_name": new.user_name,
        "method": new.method,
        "target": storable_text(new.target)[:TEXT_CHARACTERS],
        "request_id": storable_text(new.request_id)[:TEXT_CHARACTERS],
        "outcome": new.outcome,
        "target_exists": new.target_exists,
    }
    async with database.connection() as connection, connection.transaction():
        if new.outcome is Outcome.ALLOWED:
            await connection.execute(_QUERIES["add_event"], values)
        else:
            await connection.execute(_QUERIES["lock_refusals"], values)
            await connection.execute(_QUERIES["add_refusal"], values)


async def remove_audit_events(database: Database, *, older_than_days: int) -> int:
    """Removes old rows; returns how many."""
    async with database.connection() as connection, connection.transaction():
        return (await connection.execute(_QUERIES["remove_events"], {"days": older_than_days})).rowcount


async def list_audit_events(database: Database, query: AuditQuery) -> AuditPage:
    """One page of the rows that fit, newest first.

    Raises:
        InvalidRequestError: a page size out of bounds, or a page token of another list.
    """
    length, before = page_length(query.page_size), read_page_token("audit", query.page_token)
    values = {"user": query.user, "target": query.target, "before": before, "limit": length + 1}
    async with database.connection() as connection, connection.cursor(row_factory=class_row(AuditEvent)) as cursor:
        await cursor.execute(_QUERIES["list_events"], values)
        found = await cursor.fetchall()
    more = len(found) > length
    return AuditPage(tuple(found[:length]), page_token("audit", found[length - 1].ordinal) if more else "")
