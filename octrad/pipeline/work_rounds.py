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
from octrad.pipeline.package_requests import hear_requests, may_ask
from octrad.pipeline.pick_skills import pick_skills
from octrad.pipeline.plan import Manager, Worker
from octrad.pipeline.task_run import TaskRun
from octrad.pipeline.worker import Job, work
from octrad.pipeline.workplace import Workplace


class NotApprovedError(OctraError):
    """Somebody whose approval is needed did not give it within the rounds there are."""

    code = "not_approved"


@dataclass(frozen=True, slots=True)
class _Rounds:
    """How far everybody is: the last round of each worker and of each manager's reviews."""

    workers: Mapping[str, int]
    managers: Mapping[str, int]


async def do_work(run: TaskRun, place: Workplace) -> Workplace:
    """Lets everybody work; main has all of it afterwards.

    Raises:
        NotApprovedError: a manager still sent workers back in the last round.
    """
    plan = place.plan
    if not plan.managers:
        builder, skills = plan.workers[0], await pick_skills(run, plan, {})
        return await _work_alone(run, place, Job(builder, plan.brief, place.head, skills[builder.name]))
    divided = await run.in_parallel(assign(run, plan, manager, place.head) for manager in plan.managers)
    assignments = {worker: assignment for one in divided for worker, assignment in one.items()}
    skills = await pick_skills(run, plan, assignments)
    jobs = [Job(worker, assignments[worker.name].brief, place.head, skills[worker.name]) for worker in plan.workers]
    first_jobs = {job.worker.name: job for job in jobs}
    rounds = _Rounds({}, {})
    for _ in range(run.times_run(run.tools.limits.review_rounds)):
        place, rounds = await _work_and_merge(run, place, jobs, rounds)
        jobs, rounds = await _sent_back(run, place, jobs, first_jobs, rounds)
        if not jobs:
            return place
    names = ", ".join(job.worker.name for job in jobs)
    raise NotApprovedError(f"the managers sent {names} back in every round: {jobs[0].feedback[:500]}")


async def _work_alone(run: TaskRun, place: Workplace, job: Job) -> Workplace:
    while True:
        job = replace(job, may_ask=may_ask(place))
        changed = await work(run, place.plan, job)
        heard = await hear_requests(run, replace(place, head=changed.commit), {job.worker.name: changed.packages})
        if not heard.told:
            return heard.place
        place = heard.place
        job = _goes_on(job, changed, changed.round_number, place.head, heard.told[job.worker.name])


async def _work_and_merge(
    run: TaskRun, place: Workplace, jobs: list[Job], rounds: _Rounds
) -> tuple[Workplace, _Rounds]:
    """Brings everybody's work into main; whoever asks for packages goes on until nobody waits for any."""
    while jobs:
        plan, jobs = place.plan, [replace(job, may_ask=may_ask(place)) for job in jobs]
        changes: list[Changed] = await run.in_parallel(work(run, plan, job) for job in jobs)
        by_worker = {job.worker.name: changed for job, changed in zip(jobs, changes, strict=True)}
        merged = await merge_in_order(run, plan, jobs, by_worker, place.head)
        rounds = replace(rounds, workers={**rounds.workers, **{name: one.round_number for name, one in merged.items()}})
        place = replace(place, head=merged[jobs[-1].worker.name].head)
        heard = await hear_requests(run, place, {name: one.packages for name, one in merged.items()})
        place = heard.place
        jobs = [
            _goes_on(job, by_worker[name], rounds.workers[name], place.head, heard.told[name])
            for job in jobs
            if (name := job.worker.name) in heard.told
        ]
    return place, rounds


def _goes_on(job: Job, changed: Changed, last_round: int, head: str, told: str) -> Job:
    """The next round of somebody who asked for packages."""
    feedback = "\n\n".join(filter(None, [job.feedback, told]))
    has_written = job.may_rest or changed.commit != job.commit
    return replace(job, commit=head, round_number=last_round + 1, feedback=feedback, may_rest=has_written)


async def _sent_back(
    run: TaskRun, place: Workplace, jobs: list[Job], first_jobs: Mapping[str, Job], rounds: _Rounds
) -> tuple[list[Job], _Rounds]:
    plan, head = place.plan, place.head
    briefs = {worker: job.brief for worker, job in first_jobs.items()}
    asked = [manager for manager in plan.managers if any(job.worker.manager == manager.name for job in jobs)]
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
