from datetime import UTC, datetime

import pytest

from octra_proto.v1 import states_pb2, tasks_pb2
from octrad.api.task_messages import priority_of, state_message, state_of
from octrad.api.watch_task import event_message
from octrad.foundation.ids import TaskId
from octrad.tasks import events
from octrad.tasks.machine import TaskState
from octrad.tasks.task import Role, TaskPriority

DETAILS: list[events.EventDetail] = [
    events.StateChanged(TaskState.DRAFT, TaskState.QUEUED),
    events.StateChanged(TaskState.RUNNING, TaskState.FAILED, "no luck"),
    events.StepStarted("Plan"),
    events.StepFinished(12, "abc"),
    events.Planned("T", "python", (events.PlannedManager("backend", ("a", "b")),), ("true",)),
    events.SkillsPicked("a", ("x", "y"), "search"),
    events.ModelAnswered("m", "ok", 1, 2, 3, 0.5, 6),
    events.ModelAnswered("m", "rate", error="slow down"),
    events.CommandStarted("make", network=True),
    events.CommandOutput("text", 7),
    events.CommandFinished("make", -9, 5, "timeout", already_proved=True),
    events.FilesChanged(("a", "b"), "abc"),
    events.EditsRefused(("no",)),
    events.PackagesAdded(("jq",), "abc"),
    events.PackagesRefused((events.RefusedPackage("nosuch", "it is not there"),)),
    events.Reviewed(approved=False, reasons=("why",)),
    events.Snapshotted("s", "/nix/store/x", 1, partial=True),
    events.Advised("note", "octractl retry"),
    events.Remarked("text", warning=True),
]


@pytest.mark.parametrize("detail", DETAILS, ids=lambda detail: type(detail).__name__)
def test_every_event_keeps_all_that_it_says(detail: events.EventDetail) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC)
    message = event_message(events.Event(TaskId("bcd"), 4, at, Role.WORKER, "backend-1", "work/backend-1/1", detail))
    kind = message.WhichOneof("detail")
    assert kind == events.event_kind(detail)
    said = getattr(message, kind)
    for name, value in events.detail_json(detail).items():
        found = getattr(said, name)
        if name in {"from", "to"}:
            assert states_pb2.TaskState.Name(found) == value
        elif name == "managers":
            assert [(manager.name, list(manager.workers)) for manager in found] == [("backend", ["a", "b"])]
        elif name == "refused":
            assert [(one.package, one.reason) for one in found] == [("nosuch", "it is not there")]
        else:
            assert (list(found) if isinstance(value, tuple | list) else found) == (
                list(value) if isinstance(value, tuple) else value
            )
    assert (message.task_id, message.seq, message.role, message.agent) == ("bcd", 4, "worker", "backend-1")
    assert message.at.ToDatetime(tzinfo=UTC) == at


def test_a_call_without_a_price_has_none() -> None:
    detail = events.ModelAnswered("m", "ok")
    message = event_message(events.Event(TaskId("bcd"), 1, datetime.now(UTC), Role.BOSS, "", "plan", detail))
    assert not message.model_answered.HasField("cost_usd")


@pytest.mark.parametrize("state", list(TaskState))
def test_states_go_both_ways(state: TaskState) -> None:
    assert state_of(state_message(state)) is state


def test_every_state_of_the_api_is_ours() -> None:
    assert set(states_pb2.TaskState.keys()) == {f"TASK_STATE_{s.name}" for s in TaskState} | {"TASK_STATE_UNSPECIFIED"}


def test_priority_is_p2_unless_named_and_unknown_ones_are_none() -> None:
    assert priority_of(tasks_pb2.TASK_PRIORITY_UNSPECIFIED) is TaskPriority.P2
    assert priority_of(tasks_pb2.TASK_PRIORITY_P0) is TaskPriority.P0
    assert priority_of(17) is None  # type: ignore[arg-type]  # what a newer client could send
