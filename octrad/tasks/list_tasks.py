"""Lists tasks in pages: newest first, or those first whose request is most like a text."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection

from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.embedding import embed, vector_literal
from octrad.tasks.machine import TaskState
from octrad.tasks.pages import page_length, page_token, read_page_token
from octrad.tasks.task import Task
from octrad.tasks.task_row import task_row

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class TaskQuery:
    """Which tasks; nothing given means all, newest first."""

    states: tuple[TaskState, ...] = ()
    project: str = ""
    like: str = ""
    page_size: int = 0
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Some of the tasks, and the token of the next page, empty on the last."""

    tasks: tuple[Task, ...]
    next_page_token: str


async def list_tasks(database: Database, query: TaskQuery) -> TaskPage:
    """One page of the tasks that fit.

    Raises:
        InvalidRequestError: a page size out of bounds, or a page token of another list.
        UnavailableError: the database does not answer.
    """
    page_length(query.page_size)
    async with database.connection() as connection:
        if query.like:
            return await _by_likeness(connection, query)
        return await _by_age(connection, query)


async def count_tasks(database: Database) -> Mapping[TaskState, int]:
    """How many tasks are in each state; every state is there."""
    async with database.connection() as connection:
        rows = await (await connection.execute(_QUERIES["count_by_state"])).fetchall()
    return dict.fromkeys(TaskState, 0) | {TaskState(state): count for state, count in rows}


async def count_under_way(database: Database) -> tuple[int, int]:
    """How many tasks are worked on, and how many wait in the queue. Cheap: asked all the time."""
    async with database.connection() as connection:
        row = await (await connection.execute(_QUERIES["count_under_way"])).fetchone()
    return (row[0], row[1]) if row else (0, 0)


async def _by_age(connection: AsyncConnection, query: TaskQuery) -> TaskPage:
    length, before = page_length(query.page_size), read_page_token("age", query.page_token)
    values = {"states": list(query.states), "project": query.project, "before": before, "limit": length + 1}
    async with connection.cursor(row_factory=task_row) as cursor:
        await cursor.execute(_QUERIES["by_age"], values)
        tasks = tuple(await cursor.fetchall())
    if len(tasks) <= length:
        return TaskPage(tasks, "")
    last = await (await connection.execute(_QUERIES["ordinal_of"], {"task_id": tasks[length - 1].id})).fetchone()
    return TaskPage(tasks[:length], page_token("age", last[0]) if last else "")


async def _by_likeness(connection: AsyncConnection, query: TaskQuery) -> TaskPage:
    length, offset = page_length(query.page_size), read_page_token("likeness", query.page_token) or 0
    values = {
        "states": list(query.states),
        "project": query.project,
        "like": vector_literal(embed(query.like)),
        "limit": length + 1,
        "offset": offset,
    }
    async with connection.transaction(), connection.cursor(row_factory=task_row) as cursor:
        await cursor.execute(_QUERIES["scan_in_order"])
        await cursor.execute(_QUERIES["by_likeness"], values)
        tasks = tuple(await cursor.fetchall())
    more = len(tasks) > length
    return TaskPage(tasks[:length], page_token("likeness", offset + length) if more else "")
