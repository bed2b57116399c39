"""Brings the workers' branches into main, one after the other in the order of the plan.

The order does not depend on who was fastest, so a resumed task merges as the interrupted one did. Where two changed
the same lines the later one does its work again on top of main.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from octrad.foundation.errors import OctraError
from octrad.pipeline import step_names
from octrad.pipeline.change_files import Changed
from octrad.pipeline.plan import Plan
from octrad.pipeline.servants import record_change, runner_step
from octrad.pipeline.task_run import Speaker, TaskRun
from octrad.pipeline.worker import Job, work
from octrad.runner.operations import MergedBranch, TreePlace
from octrad.tasks.events import Remarked
from octrad.tasks.journal_step import Step
from octrad.tasks.task import Role

REDONE_AT_MOST = 3


class MergeConflictError(OctraError):
    """A worker's changes could not be brought into main, however often they were made again."""

    code = "merge_conflict"


@dataclass(frozen=True, slots=True)
class Merged:
    """Main after a merge, the round of the worker that got there, and the packages asked for on the way."""

    head: str
    round_number: int
    packages: tuple[str, ...]


async def merge_in_order(
    run: TaskRun, plan: Plan, jobs: Sequence[Job], changes: Mapping[str, Changed], head: str
) -> dict[str, Merged]:
    """Merges every job's changes, the last of which brings main's new head.

    Raises:
        MergeConflictError: a worker could not do its work on top of main.
    """
    merged: dict[str, Merged] = {}
    for job in jobs:
        done = await _merge_or_redo(run, plan, replace(job, commit=head), changes[job.worker.name])
        head, merged[job.worker.name] = done.head, done
    return merged


async def _merge_or_redo(run: TaskRun, plan: Plan, job: Job, changed: Changed) -> Merged:
    """`job.commit` is main's head."""
    packages = changed.packages
    for _ in range(1 + run.times_run(REDONE_AT_MOST)):
        merged = await _merge(run, job, changed)
        if not merged.conflicts:
            return Merged(merged.commit, changed.round_number, packages)
        feedback = _conflict(merged.conflicts)
        again = replace(job, round_number=changed.round_number + 1, feedback=feedback, may_rest=False)
        changed = await work(run, plan, again)
        packages = (*packages, *changed.packages)
    raise MergeConflictError(f"the work of {job.worker.name} conflicts with main in {', '.join(merged.conflicts[:5])}")


async def _merge(run: TaskRun, job: Job, changed: Changed) -> MergedBranch:
    worker = job.worker.name
    subject = f"Merge the work of {worker}"

    async def call(step: Step) -> MergedBranch:
        place = TreePlace(run.task.id, worker, changed.commit)
        merged = await run.tools.runner.merge_branch(step.request_id, place, main_commit=job.commit, subject=subject)
        if merged.conflicts:
            step.record(Remarked(f"conflict in {', '.join(merged.conflicts)}: {worker} does it again", warning=True))
        else:
            record_change(step, merged.commit, merged.paths)
        return merged

    name = step_names.merged(worker, changed.round_number)
    speaker = Speaker(Role.MANAGER, job.worker.manager)
    return await runner_step(run, name, call, MergedBranch, speaker=speaker, title=subject)


def _conflict(paths: Sequence[str]) -> str:
    return (
        "While you worked, others changed the same lines. You see the files with their changes now. "
        f"Do your work again on top of them, without undoing theirs. In conflict: {', '.join(paths)}"
    )
