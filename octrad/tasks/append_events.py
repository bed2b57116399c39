"""Appends to a task's history of events, in the caller's transaction. Nobody else inserts into `events`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from octrad.foundation.errors import ConflictError
from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.events import EventDetail, detail_json, event_kind
from octrad.tasks.storable_text import storable_json
from octrad.tasks.task import Lease, Role

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


class StaleLeaseError(ConflictError):
    """The writer is not the task's owner any more; another is, or nobody. It stops and writes nothing more."""

    code = "stale_lease"

    def __init__(self, lease: Lease) -> None:
        super().__init__(f"task {lease.task_id} was taken from this owner (generation {lease.generation})")
        self.lease = lease


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that has no number yet."""

    detail: EventDetail
    role: Role
    agent: str = ""
    step: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


def events_json(events: Sequence[NewEvent]) -> Jsonb:
    """The events as the queries that append them take them."""
    return Jsonb([_event_json(event) for event in events])


async def append_events(
    connection: AsyncConnection, task_id: TaskId, events: Sequence[NewEvent], *, lease: Lease | None = None
) -> None:
    """Numbers the events and writes them. Watchers are woken when the transaction commits.

    Args:
        connection: in whose transaction this happens.
        task_id: whose events they are.
        events: in their order.
        lease: given by an owner; None where a person or the queue acts and holds the row's lock.

    Raises:
        StaleLeaseError: the lease has ended.
    """
    generation = None if lease is None else lease.generation
    cursor = await connection.execute(
        _QUERIES["append_events"], {"task_id": task_id, "generation": generation, "events": events_json(events)}
    )
    if lease is not None and cursor.rowcount == 0:
        raise StaleLeaseError(lease)


async def was_appended(connection: AsyncConnection, task_id: TaskId, event: NewEvent) -> bool:
    """Whether the event is there already: asked after an outage, when nobody knows whether the commit came through."""
    values = {
        "task_id": task_id,
        "at": event.at,
        "kind": event_kind(event.detail),
        "step": event.step,
        "agent": event.agent,
    }
    return await (await connection.execute(_QUERIES["was_appended"], values)).fetchone() is not None


def _event_json(event: NewEvent) -> dict[str, Any]:
    return {
        "at": event.at.isoformat(),
        "role": event.role,
        "agent": event.agent,
        "step": event.step,
        "kind": event_kind(event.detail),
        "detail": storable_json(detail_json(event.detail)),
    }
