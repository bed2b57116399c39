"""The states of a task and the ways between them, as one table. Pure; nothing else decides what may follow what.

The theory. A task is in one state. Exactly one machine, the *owner*, works on a task that is `running` or in `review`;
in every other state nobody does. Three kinds of actor move it:

* a person submits (`draft`, `queued`), cancels, retries, and answers what a `paused` task waits for;
* the queue hands it to an owner (`queued` → `running`) and takes it back when the owner stops or dies (→ `queued`);
* the owner brings it forward, and is the only one that may end it once work has begun, because every end leaves a
  snapshot and a note behind, and only the owner can make these.

`done`, `failed` and `cancelled` are final: nothing happens to the task any more. A retry of a failed or cancelled task
is a new run of the same task and the only way out of a final state; `done` has none. Why a queued task does not run is
computed when somebody asks (`explain.py`), never a state of its own.

A change is guarded twice: by this table, and by the task's *generation*, which grows each time the task gets a new
owner or loses one, so that an owner that was thought dead and wakes up can write nothing (`transition.py`).
"""

from enum import StrEnum
from typing import Final

from octrad.foundation.errors import ConflictError


class TaskState(StrEnum):
    """Where a task is in its life."""

    DRAFT = "draft"
    QUEUED = "queued"
    RUNNING = "running"
    REVIEW = "review"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_TRANSITIONS: Final[dict[TaskState, frozenset[TaskState]]] = {
    TaskState.DRAFT: frozenset({TaskState.QUEUED, TaskState.CANCELLED}),
    # → cancelled only when no work was ever done on it; else an owner must wind it up.
    TaskState.QUEUED: frozenset({TaskState.RUNNING, TaskState.CANCELLED}),
    # → queued when its owner stops or dies.
    TaskState.RUNNING: frozenset(
        {TaskState.QUEUED, TaskState.REVIEW, TaskState.PAUSED, TaskState.FAILED, TaskState.CANCELLED}
    ),
    # → running when the Boss sends the work back.
    TaskState.REVIEW: frozenset(
        {
            TaskState.QUEUED,
            TaskState.RUNNING,
            TaskState.PAUSED,
            TaskState.DONE,
            TaskState.FAILED,
            TaskState.CANCELLED,
        }
    ),
    TaskState.PAUSED: frozenset({TaskState.QUEUED}),
    TaskState.DONE: frozenset(),
    TaskState.FAILED: frozenset({TaskState.QUEUED}),
    TaskState.CANCELLED: frozenset({TaskState.QUEUED}),
}

FINAL: Final = frozenset({TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED})
OWNED: Final = frozenset({TaskState.RUNNING, TaskState.REVIEW})
RETRYABLE: Final = frozenset({TaskState.FAILED, TaskState.CANCELLED})


class WrongStateError(ConflictError):
    """The task's state does not allow what was asked."""

    code = "wrong_state"


def is_final(state: TaskState) -> bool:
    """Whether nothing happens to the task any more, unless it is retried."""
    return state in FINAL


def may_follow(current: TaskState, to: TaskState) -> bool:
    """Whether the table has a way from one state to the other."""
    return to in _TRANSITIONS[current]


def check_transition(current: TaskState, to: TaskState) -> None:
    """Guards a change of state.

    Raises:
        WrongStateError: the table has no way from `current` to `to`.
    """
    if not may_follow(current, to):
        raise WrongStateError(f"a task that is {current} cannot become {to}")
