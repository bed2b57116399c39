"""A worker: writes files to fulfil a brief, on a branch of its own or, when it is alone, on main."""

from collections.abc import Sequence
from dataclasses import dataclass

from octrad.pipeline import step_names
from octrad.pipeline.apply_edits import Target
from octrad.pipeline.change_files import (
    Changed,
    Naming,
    change_files,
    refuse_nothing_changed,
)
from octrad.pipeline.describe import describe_guides, describe_owned, describe_plan, guides_of
from octrad.pipeline.package_requests import tell_unheard
from octrad.pipeline.plan import Plan, Worker
from octrad.pipeline.project_files import list_files, show_files
from octrad.pipeline.questions.answers import WorkAnswer
from octrad.pipeline.questions.ask import Question
from octrad.pipeline.relevant_files import ListedFile, describe_tree
from octrad.pipeline.task_run import Speaker, TaskRun
from octrad.runner.operations import MAIN_BRANCH, MergedBranch
from octrad.tasks.events import EventDetail
from octrad.tasks.task import Role


@dataclass(frozen=True, slots=True)
class Job:
    """What one worker is to do now, on top of which commit, what it is told of its craft, and why it is asked again."""

    worker: Worker
    brief: str
    commit: str
    skills: str
    round_number: int = 1
    feedback: str = ""
    # Whether packages that it asks for are heard.
    may_ask: bool = False
    # Whether its work may be done already, so that an answer without changes is fine.
    may_rest: bool = False


async def work(run: TaskRun, plan: Plan, job: Job) -> Changed:
    """Lets the worker write; its changes are on its branch afterwards.

    Raises:
        AnswerRefusedError: every answer was refused.
        ModelsFailedError: no model answered.
    """
    worker = job.worker
    alone = not worker.manager

    async def values() -> dict[str, str]:
        return work_values(
            run.task.request,
            plan,
            job,
            guides=describe_guides(guides_of(plan, run.tools.library.stacks, run.tools.library.guides)),
            files=await list_files(run, job.commit),
            shown=await show_files(run, job.commit, owns=worker.owns, mentioned_in=job.feedback),
        )

    async def change(round_number: int) -> str:
        return await _name_of_change(run, worker, round_number)

    def refuse(answer: WorkAnswer) -> Sequence[str]:
        return [] if job.may_rest else refuse_nothing_changed(answer, may_ask=job.may_ask)

    def tell(answer: WorkAnswer) -> Sequence[EventDetail]:
        return tell_unheard(answer, may_be_heard=job.may_ask)

    question = Question(
        "work",
        "work",
        WorkAnswer,
        Speaker(Role.WORKER, worker.name, team=worker.manager),
        f"Work: {worker.role}",
        values,
        refuse,
        tell,
        topic=f"{worker.role}\n{job.brief}\n{job.feedback}",
    )
    target = Target(job.commit, MAIN_BRANCH if alone else worker.name, worker.owns)
    naming = Naming(lambda number: step_names.worked(worker.name, number), change)
    return await change_files(run, question, target, job.round_number, naming)


def work_values(
    request: str, plan: Plan, job: Job, *, guides: str, files: Sequence[ListedFile], shown: str
) -> dict[str, str]:
    """What a worker's question is filled with. Pure."""
    return {
        "request": request,
        "plan": describe_plan(plan),
        "worker": job.worker.name,
        "brief": job.brief,
        "owns": describe_owned(job.worker.owns),
        "skills": job.skills,
        "guides": guides,
        "tree": describe_tree(files),
        "files": shown,
        "feedback": job.feedback or "nothing",
    }


async def _name_of_change(run: TaskRun, worker: Worker, round_number: int) -> str:
    """A branch that was not merged went with the tree of its run; a retry makes its changes again, without asking."""
    name = step_names.applied(step_names.worked(worker.name, round_number))
    if run.task.run == 1 or not worker.manager:
        return name
    merged = await run.journal.recorded(step_names.merged(worker.name, round_number), MergedBranch)
    return name if merged is not None else f"{name}/{run.task.run}"
