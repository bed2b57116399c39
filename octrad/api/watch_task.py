"""WatchTask: the events of a task as messages, from any number on, until its final state or the daemon's end.

A watcher holds nothing that the work needs: events are read from the log in pages, and between two pages no
connection is held. However slowly a caller reads, only its own call waits.
"""

from collections.abc import AsyncIterator

from octra_proto.v1 import events_pb2, tasks_pb2
from octrad.api.closing import closing
from octrad.api.task_messages import timestamp
from octrad.foundation.errors import InvalidRequestError
from octrad.tasks.event_log import EventLog, ResumeAfter
from octrad.tasks.events import Event, detail_json, event_kind
from octrad.tasks.task import Task


async def watch_task(log: EventLog, task: Task, after_seq: int) -> AsyncIterator[tasks_pb2.WatchTaskResponse]:
    """Yields what follows the event `after_seq`.

    Raises:
        InvalidRequestError: `after_seq` is negative, or above the task's newest event.
    """
    _require_known_seq(task, after_seq)
    async with closing(log.watch(task.id, after_seq)) as messages:
        async for message in messages:
            match message:
                case Event():
                    yield tasks_pb2.WatchTaskResponse(event=event_message(message))
                case ResumeAfter(seq):
                    yield tasks_pb2.WatchTaskResponse(resume_after_seq=seq)


def event_message(event: Event) -> events_pb2.Event:
    """An event as clients see it."""
    message = events_pb2.Event(
        task_id=event.task_id,
        seq=event.seq,
        at=timestamp(event.at),
        role=event.role,
        agent=event.agent,
        step=event.step,
    )
    kind = event_kind(event.detail)
    getattr(message, kind).CopyFrom(type(getattr(message, kind))(**detail_json(event.detail)))
    return message


def _require_known_seq(task: Task, after_seq: int) -> None:
    if not 0 <= after_seq <= task.last_seq:
        raise InvalidRequestError(
            f"after_seq {after_seq} is not between 0 and {task.last_seq}, the task's newest event",
            field="after_seq",
            hint="0 watches from the beginning",
        )
