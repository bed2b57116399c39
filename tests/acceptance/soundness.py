"""What holds of a task's record however often its daemon was killed."""

from collections import Counter
from typing import Any, Protocol

from tests.daemon import House, wait_until

# A servant forgets a result a moment after the task has ended.
FORGOTTEN_WITHIN_S = 10


class Model(Protocol):
    """Who knows what was asked of the model about a task."""

    def requests(self, task: str) -> list[dict[str, Any]]: ...


class Records(Protocol):
    """Who tells what is recorded of a task."""

    def events(self, task: str) -> list[dict[str, Any]]: ...

    def show(self, task: str) -> Any: ...


def asked_twice(rehearsal: Model, task: str) -> dict[str, int]:
    """The steps whose question the provider received more than once."""
    counted = Counter(row["step"] for row in rehearsal.requests(task))
    return {step: count for step, count in counted.items() if count > 1}


def assert_sound(daemon: Records, task: str) -> None:
    """The event log has no gap, and no step was recorded, charged or snapshotted twice."""
    events = daemon.events(task)
    assert [int(event["seq"]) for event in events] == list(range(1, len(events) + 1))
    for kind in ("step_finished", "model_answered", "command_finished", "snapshotted"):
        counted = Counter(event["step"] for event in events if kind in event)
        assert max(counted.values(), default=1) == 1, f"{kind} twice: {counted.most_common(3)}"
    begun = {event["step"] for event in events if "step_started" in event}
    assert {event["step"] for event in events if "step_finished" in event} <= begun
    assert all(step["state"] == "finished" for step in daemon.show(task)["steps"])


def assert_nothing_left(daemon: House, *tasks: str) -> None:
    """No working directory of these tasks, and no entry of any spool."""
    wait_until(lambda: not daemon.left_behind(tasks), FORGOTTEN_WITHIN_S, f"left: {daemon.left_behind(tasks)}")
