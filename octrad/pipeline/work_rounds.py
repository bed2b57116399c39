"""The rounds of work.

Everybody writes side by side, main takes the branches in order, managers review, and whoever is sent back works again
on top of main.
Each stage waits for all of the one before, so what a round starts from is the same when it is resumed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from octrad.foundation.errors import OctraError
from octrad.pipeline.change_files import Changed
from octrad.pipeline.manager import Review, assign, review
from octrad.pipeline.merge import merge_in_order
from octrad.pipeline.pick_skills import pick_skills
from octrad.pipeline.plan import Manager, Plan, Worker
from octrad.pipeline.task_run import TaskRun
from octrad.pipeline.worker import Job, work


class NotApprovedError(OctraError):
    """Somebody whose approval is needed did not give it within the rounds there are."""

    code = "not_approved"


@dataclass(frozen=True, slots=True)
class _Rounds:
    """How far everybody is: the last round of each worker and of each manager's reviews."""

    workers: Mapping[str, int]
    managers: Mapping[str, int]


async def do_work(run: TaskRun, plan: Plan, head: str) -> str:
    """Lets everybody work; returns main's head with all of it.

    Raises:
        NotApprovedError: a manager still sent workers back in the last round.
    """
    if not plan.managers:
        builder, skills = plan.workers[0], await pick_skills(run, plan, {})
        return (await work(run, plan, Job(builder, plan.brief, head, skills[builder.name]))).commit
    divided = await run.in_parallel(assign(run, plan, manager, head) for manager in plan.managers)
    assignments = {worker: assignment for one in divided for worker, assignment in one.items()}
    skills = await pick_skills(run, plan, assignments)
    jobs = [Job(worker, assignments[worker.name].brief, head, skills[worker.name]) for worker in plan.workers]
    first_jobs = {job.worker.name: job for job in jobs}
    rounds = _Rounds({}, {})
    for _ in range(run.times_run(run.tools.limits.review_rounds)):
        head, rounds = await _work_and_merge(run, plan, jobs, head, rounds)
        jobs, rounds = await _sent_back(run, plan, jobs, head, first_jobs, rounds)
        if not jobs:
            return head
    names = ", ".join(job.worker.name for job in jobs)
    raise NotApprovedError(f"the managers sent {names} back in every round: {jobs[0].feedback[:500]}")


async def _work_and_merge(run: TaskRun, plan: Plan, jobs: list[Job], head: str, rounds: _Rounds) -> tuple[str, _Rounds]:
    changes: list[Changed] = await run.in_parallel(work(run, plan, job) for job in jobs)
    by_worker = {job.worker.name: changed for job, changed in zip(jobs, changes, strict=True)}
    head, last = await merge_in_order(run, plan, jobs, by_worker, head)
    return head, replace(rounds, workers={**rounds.workers, **last})


async def _sent_back(
    run: TaskRun, plan: Plan, jobs: list[Job], head: str, first_jobs: Mapping[str, Job], rounds: _Rounds
) -> tuple[list[Job], _Rounds]:
    asked = [manager for manager in plan.managers if any(job.worker.manager == manager.name for job in jobs)]
    briefs = {worker: job.brief for worker, job in first_jobs.items()}
    reviews = await run.in_parallel(
        review(run, plan, manager, head, briefs=briefs, first_round=rounds.managers.get(manager.name, 0) + 1)
        for manager in asked
    )
    reviewed = {**rounds.managers, **{one.name: done.round_number for one, done in zip(asked, reviews, strict=True)}}
    again = [
        replace(first_jobs[worker.name], commit=head, round_number=rounds.workers[worker.name] + 1, feedback=reason)
        for manager, done in zip(asked, reviews, strict=True)
        for worker, reason in _reasons(manager, done)
    ]
    return again, replace(rounds, managers=reviewed)


def _reasons(manager: Manager, done: Review) -> list[tuple[Worker, str]]:
    return [(worker, done.sent_back[worker.name]) for worker in manager.workers if worker.name in done.sent_back]
