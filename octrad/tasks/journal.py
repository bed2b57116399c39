"""The step journal: what a task did is recorded by name, so that whoever takes the task up goes on where it stopped.

A step that finished is never made again: its recorded result is the answer. What a crash interrupts is asked for again
under the same attempt number, so the servants, who remember, do not do it twice. Every write carries the owner's
generation. An outage of the database fails nothing: a finished result stays in memory until it is recorded.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter, ValidationError

from octrad.foundation.errors import ConflictError, OctraError
from octrad.foundation.logging import log_fields
from octrad.foundation.postgres.pool import Database, with_retry
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.append_events import NewEvent, StaleLeaseError, append_events, events_json, was_appended
from octrad.tasks.context.said import record_said
from octrad.tasks.events import EventDetail, StepFinished, StepStarted, detail_json
from octrad.tasks.journal_step import Step, StepState
from octrad.tasks.ledger import calls_json
from octrad.tasks.storable_text import storable_json, storable_text
from octrad.tasks.task import Lease, Role
from octrad.tasks.tell_recorded import RecordedTeller

logger = logging.getLogger(__name__)
_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))
# How long an outage of the database is sat out: a finished half-hour build is worth waiting a day for.
_PATIENCE_S: Final = 86_400.0
_ERROR_CHARACTERS: Final = 4000

T = TypeVar("T")
Write = Callable[[AsyncConnection], Awaitable[None]]
Check = Callable[[AsyncConnection], Awaitable[bool]]


class UnreadableStepError(ConflictError):
    """A recorded result is not of the form that this version of octrad expects."""

    code = "unreadable_step"


class StepPostponedError(OctraError):
    """A step cannot be made now. It has neither finished nor failed: the same attempt of it is made another time."""

    code = "step_postponed"


class Journal:
    """The journal of one task, in the hands of its owner. Steps may run side by side.

    Args:
        database: where it is kept.
        lease: the owner's.
    """

    def __init__(self, database: Database, lease: Lease) -> None:
        self._database = database
        self._lease = lease
        self._results: dict[str, str] | None = None
        self._loading = asyncio.Lock()
        self._teller = RecordedTeller()

    async def step(
        self,
        name: str,
        work: Callable[[Step], Awaitable[T]],
        *,
        result: type[T],
        role: Role,
        agent: str = "",
        title: str = "",
    ) -> T:
        """The recorded result of the step, or else that of `work`, recorded.

        Args:
            name: unique within the task, and stable across versions.
            work: what the step does; it holds no transaction and makes at most one call to a servant.
            result: a frozen dataclass or pydantic model, or a plain type; what pydantic can write as JSON.
            role: who acts.
            agent: which of them.
            title: what it does, for people.

        Raises:
            StaleLeaseError: the task has another owner, or none; nothing more is to be done here.
            UnreadableStepError: an older version recorded something that this one cannot read.
            StepPostponedError: `work` raised it; the step stays as after a crash.
            Exception: what `work` raised; the step is then recorded as failed, and its next attempt is another one.
        """
        recorded = await self.recorded(name, result)
        if recorded is not None:
            return recorded
        with log_fields(role=role, step=name):
            step = await self._begin(name, role, agent, title)
            return await self._make(step, work, _adapter(result))

    async def _make(self, step: Step, work: Callable[[Step], Awaitable[T]], adapter: TypeAdapter[T]) -> T:
        started = time.monotonic()
        try:
            value = await work(step)
        except (StaleLeaseError, StepPostponedError):
            raise
        except Exception as error:
            # Whatever it was, the step has ended without a result: that is to be recorded, and the error goes on.
            await self._end(step, StepState.FAILED, _ms_since(started), error=_told(error))
            # Only its kind: what it says may quote a model.
            logger.info("%s failed after %d ms: %s", step.name, _ms_since(started), _kind_of(error))
            raise
        await self._end(step, StepState.FINISHED, _ms_since(started), result=adapter.dump_json(value).decode())
        logger.info("%s finished in %d ms", step.name, _ms_since(started))
        return value

    async def recorded(self, name: str, result: type[T]) -> T | None:
        """The recorded result of a finished step; None when it has not finished.

        Raises:
            UnreadableStepError: it is not of this type.
        """
        text = (await self._load()).get(name)
        if text is None:
            return None
        try:
            return _adapter(result).validate_json(text)
        except ValidationError as error:
            raise UnreadableStepError(
                f"step `{name}` of task {self._lease.task_id} was recorded by another version of octrad",
                hint=f"octractl retry --fresh {self._lease.task_id}",
            ) from error

    async def recorded_names(self) -> Collection[str]:
        """The names of the steps that have finished, and were not forgotten."""
        return (await self._load()).keys()

    async def emit(self, detail: EventDetail, *, role: Role, agent: str = "", step: str = "") -> None:
        """Writes an event at once.

        Raises:
            StaleLeaseError: the task has another owner, or none.
        """
        await self._append(NewEvent(detail, role, agent, step))

    async def close(self) -> None:
        """Waits a moment for the callbacks of what was recorded; to be called when the task is let go of."""
        await self._teller.close()

    async def _append(self, event: NewEvent) -> None:
        async def append(connection: AsyncConnection) -> None:
            await append_events(connection, self._lease.task_id, [event], lease=self._lease)

        async def appended(connection: AsyncConnection) -> bool:
            return await was_appended(connection, self._lease.task_id, event)

        await self._write(append, appended)

    async def _load(self) -> dict[str, str]:
        async with self._loading:
            if self._results is None:
                self._results = await with_retry(self._read, patience_s=_PATIENCE_S)
            return self._results

    async def _read(self) -> dict[str, str]:
        async with self._database.connection() as connection:
            cursor = await connection.execute(_QUERIES["recorded_steps"], {"task_id": self._lease.task_id})
            return dict(await cursor.fetchall())

    async def _begin(self, name: str, role: Role, agent: str, title: str) -> Step:
        values = self._values(name) | {
            "role": role,
            "agent": agent,
            "title": storable_text(title),
            "at": datetime.now(UTC),
            "detail": Jsonb(storable_json(detail_json(StepStarted(title)))),
        }
        attempts: list[tuple[int, int]] = []

        async def begin(connection: AsyncConnection) -> None:
            row = await (await connection.execute(_QUERIES["begin_step"], values)).fetchone()
            if row is None:
                raise StaleLeaseError(self._lease)
            attempts.append(row[:2])

        async def begun(connection: AsyncConnection) -> bool:
            row = await (await connection.execute(_QUERIES["begun_attempt"], values)).fetchone()
            attempts.extend([row] if row else ())
            return row is not None

        await self._write(begin, begun)
        attempt, revision = attempts[-1]
        return Step(self._lease.task_id, name, attempt, role, agent, self._append, context_revision=revision)

    async def _end(self, step: Step, state: StepState, duration_ms: int, *, result: str = "", error: str = "") -> None:
        if state is StepState.FINISHED:
            step.record(StepFinished(duration_ms, step.commit))
        values = self._values(step.name) | {
            "state": state,
            "result": result or None,
            "error": error,
            "duration_ms": duration_ms,
            "commit": step.commit,
            "has_log": step.has_log,
            "calls": Jsonb(calls_json(step.model_calls)),
            "events": events_json(step.held_events),
        }

        async def end(connection: AsyncConnection) -> None:
            if (await connection.execute(_QUERIES["end_step"], values)).rowcount == 0:
                raise StaleLeaseError(self._lease)

        async def end_and_say(connection: AsyncConnection) -> None:
            async with connection.transaction():
                await end(connection)
                await record_said(connection, step.said)

        async def ended(connection: AsyncConnection) -> bool:
            return await (await connection.execute(_QUERIES["has_ended"], values)).fetchone() is not None

        says = step.said and state is StepState.FINISHED
        await self._write(end_and_say if says else end, ended)
        if state is StepState.FINISHED:
            (await self._load())[step.name] = result
        self._teller.tell(step)

    async def _write(self, write: Write, was_written: Check) -> None:
        """Writes once, however often the database goes away: nobody knows what became of a commit without an answer."""
        tried = False

        async def attempt() -> None:
            nonlocal tried
            # Most writes are one statement and so a transaction by itself: no BEGIN and COMMIT to wait for.
            async with self._database.connection() as connection:
                if tried and await was_written(connection):
                    return
                tried = True
                await write(connection)

        await with_retry(attempt, patience_s=_PATIENCE_S)

    def _values(self, step: str) -> dict[str, Any]:
        return {"task_id": self._lease.task_id, "generation": self._lease.generation, "step": step}


def _adapter(result: type[T]) -> TypeAdapter[T]:
    adapter: TypeAdapter[T] = _cached_adapter(result)  # type: ignore[arg-type] # a class is hashable
    return adapter


@cache
def _cached_adapter(result: Any) -> TypeAdapter[Any]:
    return TypeAdapter(result)


def _ms_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _told(error: Exception) -> str:
    return storable_text(str(error) or type(error).__name__)[:_ERROR_CHARACTERS]


def _kind_of(error: Exception) -> str:
    return error.code if isinstance(error, OctraError) else type(error).__name__
