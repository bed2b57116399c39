"""Reads what happened to a task: what is there, and then what comes, until the task's final state.

Readers never hold up writers. A watcher keeps no queue: it remembers the number it has come to and reads on from the
database, so a slow one loses nothing and a dead one costs nothing.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection

from octrad.foundation.errors import ExhaustedError
from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.events import Event, parse_detail
from octrad.tasks.find_task import TaskNotFoundError, get_task
from octrad.tasks.machine import TaskState, is_final
from octrad.tasks.task import Role, Task
from octrad.tasks.wakeups import Channel, Wakeups

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))
_PAGE: Final = 500
# A watcher looks by itself so often, in case that a notification was lost.
_LOOK_AGAIN_S: Final = 10.0
# How many watchers read at once: the others of the process want connections too.
_READERS: Final = 3
# How long an outage of the database a watcher sits out.
_PATIENCE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class ResumeAfter:
    """The watch ends here although the task goes on; watch again after this number."""

    seq: int


@dataclass(frozen=True, slots=True)
class _View:
    events: tuple[Event, ...]
    state: TaskState
    last_seq: int


class EventLog:
    """The events of all tasks, for any number of watchers.

    Args:
        database: where they are.
        wakeups: says when to look again; somebody runs it.
    """

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups
        self._readers = asyncio.Semaphore(_READERS)
        self._stopped = False
        self._woken: set[asyncio.Event] = set()

    async def read(self, task_id: TaskId, after_seq: int, limit: int = _PAGE) -> tuple[Event, ...]:
        """At most `limit` events with greater numbers, in their order.

        Raises:
            TaskNotFoundError: there is no such task.
        """
        return (await self._view(task_id, after_seq, limit)).events

    async def watch(self, task_id: TaskId, after_seq: int) -> AsyncGenerator[Event | ResumeAfter, None]:
        """The events with greater numbers, then those that come.

        Ends when the task is in a final state and all is told, or with a `ResumeAfter` when the log is stopped.

        Raises:
            TaskNotFoundError: there is no such task.
            UnavailableError: the database stayed away for too long.
        """
        with self._wakeups.waiting(Channel.EVENTS, task_id) as woken:
            self._woken.add(woken)
            try:
                while not self._stopped:
                    woken.clear()
                    view = await self._view(task_id, after_seq, _PAGE)
                    for event in view.events:
                        yield event
                        after_seq = event.seq
                    if after_seq >= view.last_seq:
                        if is_final(view.state):
                            return
                        await self._wait(woken)
                yield ResumeAfter(after_seq)
            finally:
                self._woken.discard(woken)

    async def wait_until_final(self, task_id: TaskId, timeout_s: float) -> Task:
        """Waits for the task's end and gives it as it is then.

        Raises:
            TaskNotFoundError: there is no such task.
            ExhaustedError: it goes on for longer.
        """
        with self._wakeups.waiting(Channel.EVENTS, task_id) as woken:
            try:
                async with asyncio.timeout(timeout_s):
                    while True:
                        woken.clear()
                        task = await get_task(self._database, task_id)
                        if is_final(task.state):
                            return task
                        await self._wait(woken)
            except TimeoutError as error:
                message = f"task {task_id} did not end within {timeout_s:g} s"
                raise ExhaustedError(message, hint=f"octractl watch {task_id}", retryable=True) from error

    def stop(self) -> None:
        """Ends every watch, each with the number to resume from."""
        self._stopped = True
        for woken in self._woken:
            woken.set()

    async def _wait(self, woken: asyncio.Event) -> None:
        if self._stopped:
            return
        try:
            async with asyncio.timeout(_LOOK_AGAIN_S):
                await woken.wait()
        except TimeoutError:
            return

    async def _view(self, task_id: TaskId, after_seq: int, limit: int) -> _View:
        values = {"task_id": task_id, "after_seq": after_seq, "limit": limit}

        async def read(connection: AsyncConnection) -> list[Any]:
            return await (await connection.execute(_QUERIES["read_events"], values)).fetchall()

        async with self._readers:
            rows = await self._database.run(read, patience_s=_PATIENCE_S)
        if not rows:
            raise TaskNotFoundError(task_id)
        events = tuple(_event(task_id, *row[2:]) for row in rows if row[2] is not None)
        return _View(events, TaskState(rows[0][0]), rows[0][1])


def _event(task_id: TaskId, *columns: Any) -> Event:
    seq, at, role, agent, step, kind, detail = columns
    return Event(task_id, seq, at, Role(role), agent, step, parse_detail(kind, detail))
