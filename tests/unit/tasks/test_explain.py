from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from octrad.foundation.ids import SnapshotId, TaskId
from octrad.tasks.explain import Facts, explain, span
from octrad.tasks.machine import TaskState
from octrad.tasks.task import Task, TaskPriority

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
TASK = Task(
    id=TaskId("k7f3"),
    project="k7f3",
    title="A todo list",
    request="A todo list",
    state=TaskState.QUEUED,
    priority=TaskPriority.P2,
    stack="",
    model="",
    checks=(),
    grade=0,
    created_at=NOW,
    started_at=None,
    finished_at=None,
    snapshot_id=SnapshotId(""),
    store_path="",
    note="",
    next_command="",
    rehearsal=False,
    input_tokens=0,
    output_tokens=0,
    cost_usd=0,
    unpriced_calls=0,
    last_seq=1,
    allow_secrets=False,
    budget_usd=None,
    skill_areas=(),
    bundle_id="",
    generation=0,
    run=1,
    cancel_requested=False,
    cancel_reason="",
    machine="",
    uid=0,
    user_name="root",
    failures=0,
)
FACTS = Facts(
    ahead=0,
    running_tasks=0,
    workers=1,
    not_before=None,
    reason="",
    running_steps=(),
    running_since=None,
    failed_step="",
    now=NOW,
    tasks_at_once=4,
)


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        (FACTS, "It is the next, and begins at once."),
        (replace(FACTS, workers=0), "No octrad is serving the queue."),
        (replace(FACTS, running_tasks=4), "It is the next; 4 of 4 places are taken."),
        (
            replace(FACTS, ahead=1, running_tasks=8, workers=2),
            "It waits behind 1 other task of the same or higher priority; 8 of 8 places are taken.",
        ),
        (
            replace(FACTS, not_before=NOW + timedelta(seconds=3), reason="octrad met an error"),
            "It is tried again in 3 seconds (octrad met an error).",
        ),
    ],
)
def test_why_a_task_waits(facts: Facts, answer: str) -> None:
    assert explain(TASK, facts).answer == answer


def test_what_a_running_task_does() -> None:
    task = replace(TASK, state=TaskState.RUNNING)
    facts = replace(FACTS, running_steps=("a", "b", "c", "d"), running_since=NOW - timedelta(minutes=5))
    assert explain(task, facts).answer == "It is running: “a” and “b” and “c” and 1 more, for 5 minutes."
    assert explain(task, FACTS).answer == "It is running, between two steps."


@pytest.mark.parametrize("state", TaskState)
def test_every_state_has_an_answer_and_a_next_command(state: TaskState) -> None:
    explanation = explain(replace(TASK, state=state), FACTS)
    assert explanation.answer.endswith(".")
    assert explanation.next_command.startswith("octractl ")


def test_a_failed_task_says_where_and_what_next() -> None:
    task = replace(TASK, state=TaskState.FAILED, note="The tests fail.", next_command="octractl retry k7f3 --fresh")
    explanation = explain(task, replace(FACTS, failed_step="check/1/1", reason="the checks failed"))
    assert explanation.answer == "It failed at step check/1/1 (the checks failed)."
    assert explanation.next_command == "octractl retry k7f3 --fresh"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 seconds"), (1, "1 second"), (89, "89 seconds"), (120, "2 minutes"), (7200, "2 hours")]
)
def test_a_span_is_told_in_its_largest_unit(seconds: float, text: str) -> None:
    assert span(seconds) == text
