import pytest

from octra_proto.v1 import states_pb2
from octrad.tasks.machine import (
    FINAL,
    OWNED,
    TaskState,
    WrongStateError,
    check_transition,
    is_final,
    may_follow,
)

ALLOWED = {
    ("draft", "queued"),
    ("draft", "cancelled"),
    ("queued", "running"),
    ("queued", "cancelled"),
    ("running", "queued"),
    ("running", "review"),
    ("running", "paused"),
    ("running", "failed"),
    ("running", "cancelled"),
    ("review", "queued"),
    ("review", "running"),
    ("review", "paused"),
    ("review", "done"),
    ("review", "failed"),
    ("review", "cancelled"),
    ("paused", "queued"),
    ("failed", "queued"),
    ("cancelled", "queued"),
}


@pytest.mark.parametrize("current", TaskState)
@pytest.mark.parametrize("to", TaskState)
def test_only_the_ways_of_the_table_are_open(current: TaskState, to: TaskState) -> None:
    if (current.value, to.value) in ALLOWED:
        check_transition(current, to)
    else:
        with pytest.raises(WrongStateError, match=f"is {current} cannot become {to}"):
            check_transition(current, to)


def test_states_are_those_of_the_api() -> None:
    api = {name.removeprefix("TASK_STATE_").lower() for name in states_pb2.TaskState.DESCRIPTOR.values_by_name}
    assert {state.value for state in TaskState} == api - {"unspecified"}


def test_every_state_can_be_reached_from_draft() -> None:
    reached = {TaskState.DRAFT}
    while more := {to for to in TaskState if any(may_follow(state, to) for state in reached)} - reached:
        reached |= more
    assert reached == set(TaskState)


def test_every_state_that_is_not_final_can_end() -> None:
    for state in TaskState:
        ends = {state}
        while more := {to for to in TaskState if any(may_follow(s, to) for s in ends)} - ends:
            ends |= more
        assert ends & FINAL


def test_work_begins_only_from_the_queue_and_ends_only_by_its_owner() -> None:
    ways = {to: {state for state in TaskState if may_follow(state, to)} for to in TaskState}
    assert ways[TaskState.DONE] == {TaskState.REVIEW}
    assert ways[TaskState.FAILED] == OWNED
    assert ways[TaskState.RUNNING] == {TaskState.QUEUED, TaskState.REVIEW}


def test_final_states_are_left_by_a_retry_alone() -> None:
    for state in FINAL:
        assert is_final(state)
        assert {to for to in TaskState if may_follow(state, to)} <= {TaskState.QUEUED}
