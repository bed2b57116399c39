"""What a task is: the request, where it stands, and who may write it. Plain data; nothing here reaches the database."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from octrad.foundation.ids import SnapshotId, TaskId
from octrad.tasks.machine import TaskState


class TaskPriority(StrEnum):
    """How urgent a task is among those that wait; `P0` goes first."""

    P0 = "p0"
    P1 = "p1"
    P2 = "p2"
    P3 = "p3"


class Role(StrEnum):
    """Who acts."""

    BOSS = "boss"
    MANAGER = "manager"
    WORKER = "worker"
    ADVISOR = "advisor"
    DAEMON = "daemon"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write a task. It ends when the task's generation grows: then the writer is no longer the owner."""

    task_id: TaskId
    generation: int


@dataclass(frozen=True, slots=True)
class Task:
    """A request and all that came of it. Empty strings stand for what is not there yet, as in the API."""

    id: TaskId
    project: str
    title: str
    request: str
    state: TaskState
    priority: TaskPriority
    stack: str
    model: str
    checks: tuple[str, ...]
    grade: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    snapshot_id: SnapshotId
    store_path: str
    note: str
    next_command: str
    rehearsal: bool
    input_tokens: int
    output_tokens: int
    cost_usd: float
    unpriced_calls: int
    last_seq: int
    # The user who submitted it, and what they were called then.
    uid: int
    user_name: str
    # A person allowed that its snapshots hold what looks like a secret.
    allow_secrets: bool
    # US dollars that it may cost, where that was said with the request.
    budget_usd: float | None
    # The areas of the skill warehouse that its agents see; none: all of them.
    skill_areas: tuple[str, ...]
    # Not told to clients:
    bundle_id: str
    generation: int
    # 1, and one more for every retry.
    run: int
    cancel_requested: bool
    cancel_reason: str
    # The machine that owns it, or owned it last.
    machine: str
    # How many times in a row running it raised an error that nobody foresaw.
    failures: int
