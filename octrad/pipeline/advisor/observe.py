"""Gathers what the advisor goes by, as a step of its own: an interrupted end comes to the same note."""

from octrad.foundation.errors import OctraError
from octrad.pipeline import step_names
from octrad.pipeline.advisor.situation import (
    OUTPUT_CHARACTERS,
    Hop,
    Situation,
    code_of,
    failed_step,
    hops_of,
    spent_on,
)
from octrad.pipeline.checks import CheckResult
from octrad.pipeline.ending import Ending, Kept
from octrad.pipeline.task_run import TaskRun
from octrad.tasks.evidence import list_evidence
from octrad.tasks.journal_step import Step
from octrad.tasks.ledger import list_model_calls
from octrad.tasks.list_steps import StepRecord, list_steps
from octrad.tasks.task import Role


async def observe(run: TaskRun, ending: Ending, kept: Kept, snapshot_failure: OctraError | None) -> Situation:
    """The situation at the end of a run, recorded."""

    async def work(_: Step) -> Situation:
        return await _observe(run, ending, kept, snapshot_failure)

    name = step_names.advised(run.task.run)
    return await run.journal.step(name, work, result=Situation, role=Role.DAEMON, title="Write the note")


async def _observe(run: TaskRun, ending: Ending, kept: Kept, snapshot_failure: OctraError | None) -> Situation:
    task, database = run.task, run.tools.database
    check = await run.journal.recorded(ending.step, CheckResult) if ending.step else None
    failed = failed_step(await list_steps(database, task.id), ending.message)
    evidence = await list_evidence(database, task.id)
    return Situation(
        task_id=task.id,
        project=task.project,
        stack=task.stack,
        models=task.model,
        rehearsal=task.rehearsal,
        code=code_of(ending.kind, ending.code, snapshot_failure.code if snapshot_failure else ""),
        failure_class=ending.failure_class,
        reason=ending.reason,
        message=ending.message,
        hint=ending.hint,
        step=ending.step or (failed.name if failed else ""),
        command=check.command if check else "",
        output=check.output[-OUTPUT_CHARACTERS:] if check else "",
        hops=await _hops(run, failed),
        kept=kept,
        snapshot_failure=snapshot_failure.message if snapshot_failure else "",
        passed=tuple(dict.fromkeys(proof.command for proof in evidence)),
        spent=spent_on(task),
    )


async def _hops(run: TaskRun, failed: StepRecord | None) -> tuple[Hop, ...]:
    """What was tried in the step that failed, in its last attempt."""
    if failed is None:
        return ()
    calls = await list_model_calls(run.tools.database, run.task.id)
    return hops_of(
        call for call in calls if call.step == failed.name and call.at is not None and call.at >= failed.started_at
    )
