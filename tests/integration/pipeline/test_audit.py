"""A run that begins with an audit of its models: once a run, however often it is interrupted."""

from dataclasses import replace

from octrad.foundation.config import Audit
from octrad.tasks.events import Remarked, StepFinished
from octrad.tasks.machine import TaskState
from octrad.tasks.retry_task import retry_task
from tests.integration.pipeline.desk import Desk


async def test_audit_is_told_once_a_run(desk: Desk) -> None:
    auditing = replace(desk, audit=Audit(before_tasks="always"))
    task_id = await desk.submit("no-model")
    await auditing.interrupt(task_id, StepFinished, "audit/1")
    task = await auditing.run(task_id)
    assert task.state is TaskState.FAILED
    await retry_task(desk.database, task_id)
    task = await auditing.run(task_id)
    assert task.state is TaskState.DONE, task.note
    told = [event.step for event in await desk.events(task_id, Remarked) if event.step.startswith("audit/")]
    assert told == ["audit/1", "audit/2"]
    assert "probe" not in {row["step"] for row in desk.rehearsal.requests()}


async def test_small_task_is_not_audited_where_only_large_ones_are(desk: Desk) -> None:
    task_id = await desk.submit("hello")
    task = await replace(desk, audit=Audit(before_tasks="large")).run(task_id)
    assert task.state is TaskState.DONE, task.note
    assert not [event for event in await desk.events(task_id) if event.step.startswith("audit/")]
