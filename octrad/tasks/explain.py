"""Why a task is not running, or what it is waiting for: one answer, computed from what is known now. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from octrad.tasks.machine import TaskState
from octrad.tasks.task import Task


@dataclass(frozen=True, slots=True)
class Facts:
    """What the answer rests on, besides the task itself."""

    ahead: int
    running_tasks: int
    # Machines whose queue is served.
    workers: int
    # When a task that met an error is tried again.
    not_before: datetime | None
    # Of the newest change of state.
    reason: str
    # What is being done, in words, oldest first.
    running_steps: tuple[str, ...]
    running_since: datetime | None
    failed_step: str
    now: datetime
    tasks_at_once: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer, and the command to go on with."""

    answer: str
    next_command: str


def explain(task: Task, facts: Facts) -> Explanation:  # noqa: PLR0911 - one answer a state
    """The answer for a task in any state."""
    match task.state:
        case TaskState.DRAFT:
            return Explanation("It is a draft: written down, not to be run yet.", f"octractl show {task.id}")
        case TaskState.QUEUED:
            return Explanation(_why_queued(task, facts), f"octractl watch {task.id}")
        case TaskState.RUNNING | TaskState.REVIEW:
            return Explanation(_what_runs(task, facts), f"octractl watch {task.id}")
        case TaskState.PAUSED:
            answer = task.note or f"It waits for a person{_because(facts.reason)}."
            return Explanation(answer, task.next_command or f"octractl show {task.id}")
        case TaskState.DONE:
            return Explanation("It is done and proved.", f"octractl restore {task.id}")
        case TaskState.FAILED:
            return Explanation(_why_failed(facts), task.next_command or f"octractl retry {task.id}")
        case TaskState.CANCELLED:
            answer = f"It was cancelled{_because(task.cancel_reason)}."
            return Explanation(answer, task.next_command or f"octractl retry {task.id}")
        case _:
            assert_never(task.state)


def _why_queued(task: Task, facts: Facts) -> str:
    if task.cancel_requested:
        return "It is being cancelled: it waits for a place to wind up what was begun."
    if facts.workers == 0:
        return "No octrad is serving the queue."
    if facts.not_before is not None and facts.not_before > facts.now:
        wait = span((facts.not_before - facts.now).total_seconds())
        return f"It is tried again in {wait}{_because(facts.reason)}."
    limit = facts.tasks_at_once * facts.workers
    places = f"{facts.running_tasks} of {limit} places are taken"
    if facts.ahead:
        return f"It waits behind {_count(facts.ahead, 'other task')} of the same or higher priority; {places}."
    if facts.running_tasks >= limit:
        return f"It is the next; {places}."
    return "It is the next, and begins at once."


def _what_runs(task: Task, facts: Facts) -> str:
    doing = " and ".join(f"“{step}”" for step in facts.running_steps[:3])
    more = len(facts.running_steps) - 3
    if more > 0:
        doing += f" and {more} more"
    since = "" if facts.running_since is None else f", for {span((facts.now - facts.running_since).total_seconds())}"
    if task.cancel_requested:
        return f"It is being cancelled{_because(task.cancel_reason)}."
    where = "in review" if task.state is TaskState.REVIEW else "running"
    return f"It is {where}: {doing}{since}." if doing else f"It is {where}, between two steps."


def _why_failed(facts: Facts) -> str:
    where = f" at step {facts.failed_step}" if facts.failed_step else ""
    return f"It failed{where}{_because(facts.reason)}."


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def span(seconds: float) -> str:
    """A length of time for people, in its largest unit."""
    if seconds < 90:
        return _count(max(round(seconds), 0), "second")
    if seconds < 90 * 60:
        return _count(round(seconds / 60), "minute")
    return _count(round(seconds / 3600), "hour")
