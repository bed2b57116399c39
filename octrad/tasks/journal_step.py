"""A step of the journal while its work is under way: what the work may say, and what it leaves to be recorded."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum

from octrad.foundation.ids import TaskId
from octrad.tasks.append_events import NewEvent
from octrad.tasks.context.said import Said
from octrad.tasks.events import EventDetail
from octrad.tasks.ledger import ModelCall
from octrad.tasks.task import Role

Emit = Callable[[NewEvent], Awaitable[None]]
Callback = Callable[[], Awaitable[None]]


class StepState(StrEnum):
    """Where a step is."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


class Step:
    """Handed to a step's work. `commit` and `has_log` are for the work to set.

    Args:
        task_id: whose step it is.
        name: unique within the task, and stable.
        attempt: 1, and one more each time that the step failed and is made again; a crash does not count.
        role: who acts.
        agent: which of them, as the plan names it.
        emit: writes an event at once.
        context_revision: of the project's context when this attempt began; after a crash it is still that one.
    """

    def __init__(  # noqa: PLR0913 - what the journal knows of a step
        self,
        task_id: TaskId,
        name: str,
        attempt: int,
        role: Role,
        agent: str,
        emit: Emit,
        *,
        context_revision: int = 0,
    ) -> None:
        self.task_id = task_id
        self.name = name
        self.attempt = attempt
        self.role = role
        self.agent = agent
        self.context_revision = context_revision
        self.commit = ""
        self.has_log = False
        self.held_events: list[NewEvent] = []
        self.model_calls: list[ModelCall] = []
        # What it says into the project's context, written when it is recorded.
        self.said: list[Said] = []
        self.callbacks: list[Callback] = []
        self._emit = emit

    @property
    def request_id(self) -> str:
        """What a servant is asked under. The same until the step has failed and is made again."""
        return f"{self.task_id}/{self.name}/#{self.attempt}"

    async def emit(self, detail: EventDetail) -> None:
        """Writes an event at once. It stays when the step is interrupted, and comes again when the work says it again.

        Raises:
            StaleLeaseError: the task has another owner, or none.
        """
        await self._emit(self._event(detail))

    def record(self, detail: EventDetail) -> None:
        """Holds an event until the step is recorded, and writes it in the same transaction: it comes exactly once."""
        self.held_events.append(self._event(detail))

    def record_call(self, call: ModelCall) -> None:
        """Writes a row of the ledger, and its event, in the step's transaction: an answer is charged exactly once."""
        at = call.at or datetime.now(UTC)
        self.model_calls.append(replace(call, at=at, step=call.step or self.name, role=call.role or self.role))
        self.record(call.answered())

    def on_recorded(self, callback: Callback) -> None:
        """Calls back soon after the step is recorded, finished or failed: time to tell a servant that it may forget."""
        self.callbacks.append(callback)

    def _event(self, detail: EventDetail) -> NewEvent:
        return NewEvent(detail, self.role, self.agent, self.name)
