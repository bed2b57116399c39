"""What `journalctl OCTRA_TASK=…` tells of a task, and what it never tells."""

import logging
from collections.abc import Iterator

import pytest

from octrad.foundation.logging import journal_fields, log_fields
from octrad.tasks.machine import TaskState
from octrad.tasks.task import Task
from tests.integration.pipeline.desk import Desk


class Journal(logging.Handler):
    """Keeps what a journal would be sent."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.kept: list[dict[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append({"MESSAGE": record.getMessage(), **journal_fields(record, "octrad")})

    def of(self, task: str) -> list[dict[str, str]]:
        return [fields for fields in self.kept if fields.get("OCTRA_TASK") == task]


@pytest.fixture
def journal() -> Iterator[Journal]:
    handler, root = Journal(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler
    root.setLevel(level)
    root.removeHandler(handler)


async def run(desk: Desk, scenario: str) -> Task:
    """Runs a task of this scenario as the queue does, which says around it what it is about."""
    task_id = await desk.submit(scenario)
    with log_fields(task=task_id, project=task_id):
        return await desk.run(task_id)


async def test_the_journal_tells_the_story_of_a_task(desk: Desk, journal: Journal) -> None:
    task = await run(desk, "fix-after-failure")
    assert task.state is TaskState.DONE, task.note
    told = journal.of(task.id)
    events = [fields["OCTRA_EVENT"] for fields in told if "OCTRA_EVENT" in fields]
    assert events == ["task_queued", "task_started", "snapshot_taken", "task_done"]
    assert all(fields["OCTRA_PROJECT"] == task.project for fields in told)
    assert "OCTRA_UID" in told[0]
    failed = [fields["OCTRA_STEP"] for fields in told if fields["MESSAGE"].startswith("a command ended with exit code")]
    assert failed == ["check/1/1"]
    finished = [fields["OCTRA_STEP"] for fields in told if " finished in " in fields["MESSAGE"]]
    assert {"prepare", "grade", "plan", "environment", "check/2/1", "validate/1", "snapshot/1"} <= set(finished)
    assert len(told) < 60


async def test_the_journal_says_how_a_task_failed_and_quotes_nobody(desk: Desk, journal: Journal) -> None:
    task = await run(desk, "never-passes")
    assert task.state is TaskState.FAILED
    told = journal.of(task.id)
    *_, note, end = told
    assert "checks_failed" in note["MESSAGE"]
    assert f"octractl logs {task.id}" in note["MESSAGE"]
    assert (end["OCTRA_EVENT"], end["PRIORITY"]) == ("task_failed", "4")
    said = "\n".join(fields["MESSAGE"] for fields in told)
    assert task.request not in said
    assert task.title not in said
    assert not any(line in said for line in task.note.splitlines())
