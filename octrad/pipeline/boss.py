"""The Boss: grades a request, plans the project, and says at the end whether it is what was asked for."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from octrad.knowledge.detect_stacks import detect_stacks
from octrad.knowledge.stacks import Stack, split_names
from octrad.pipeline import step_names
from octrad.pipeline.describe import describe_placed, describe_plan, describe_stacks
from octrad.pipeline.pick_skills import describe_catalog
from octrad.pipeline.plan import Plan, accept_plan, refuse_plan
from octrad.pipeline.project_files import list_files
from octrad.pipeline.questions.answers import GradeAnswer, PlanAnswer, SmallPlanAnswer, ValidateAnswer
from octrad.pipeline.questions.ask import A, Question, Reply, ask
from octrad.pipeline.relevant_files import ListedFile, describe_tree
from octrad.pipeline.task_run import BOSS, TaskRun
from octrad.runner.operations import CreatedTree
from octrad.runner.reading import DiffSide
from octrad.tasks.events import EventDetail, Planned, PlannedManager, Reviewed
from octrad.tasks.machine import TaskState
from octrad.tasks.transition import change_state, describe_task

logger = logging.getLogger(__name__)

# Up to this grade one worker builds everything and there are no managers.
FAST_PATH_GRADE = 2
DIFF_BYTES = 60_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the Boss thinks of the whole. Not approved always comes with reasons."""

    approved: bool
    reasons: tuple[str, ...]
    round_number: int


async def grade_request(run: TaskRun, tree: CreatedTree) -> int:
    """How complex the request is, from 1 to 5."""

    async def values() -> dict[str, str]:
        return grade_values(run.task.request, await list_files(run, tree.commit))

    question = Question("grade", "grade", GradeAnswer, BOSS, "Grade the request", values)
    answer, _ = await ask(run, question, step_names.rounds(step_names.GRADE))
    await describe_task(run.tools.database, run.lease, grade=answer.grade)
    return answer.grade


async def make_plan(run: TaskRun, tree: CreatedTree, grade: int) -> Plan:
    """The plan of the project: with one worker up to `FAST_PATH_GRADE`, with managers above."""
    if grade <= FAST_PATH_GRADE:
        plan = await _ask_for_plan(run, tree, "plan_small", SmallPlanAnswer)
    else:
        plan = await _ask_for_plan(run, tree, "plan", PlanAnswer)
    await describe_task(run.tools.database, run.lease, title=plan.title, stack=plan.stack_names)
    counts = len(plan.workers), len(plan.checks)
    logger.info("planned: %d workers, %d acceptance commands, stack %s", *counts, plan.stack_names)
    return plan


async def validate_result(
    run: TaskRun, plan: Plan, head: str, *, tree: CreatedTree, evidence: Sequence[str], first_round: int
) -> Verdict:
    """Whether the result is what was asked for. Silence, or no approval in so many words, is not an approval."""
    if await run.journal.recorded(step_names.validated(first_round), Reply) is None:
        await change_state(run.tools.database, run.lease, TaskState.REVIEW)

    async def values() -> dict[str, str]:
        files, diff = await list_files(run, head), await _diff(run, tree.base_commit, head)
        return validate_values(run.task.request, plan, evidence=evidence, files=files, diff=diff)

    question = Question(
        "validate",
        "validate",
        ValidateAnswer,
        BOSS,
        "Validate the result",
        values,
        _refuse_verdict,
        _tell_verdict,
        topic=run.task.request,
    )
    answer, tried = await ask(run, question, lambda number: step_names.validated(first_round + number - 1))
    return Verdict(answer.approved, tuple(answer.reasons), first_round + tried - 1)


def grade_values(request: str, files: Sequence[ListedFile]) -> dict[str, str]:
    """What the question of grade is filled with. Pure."""
    return {"request": request, "tree": describe_tree(files)}


def plan_values(
    request: str, *, stack: str, checks: Sequence[str], stacks: Mapping[str, Stack], files: Sequence[ListedFile]
) -> dict[str, str]:
    """What the question of the plan is filled with; `stack` is what the user asked for. Pure."""
    return {
        "request": request,
        "stacks": describe_stacks(stacks),
        "wanted_stack": _wanted_stack(stacks, stack, files),
        "user_checks": "\n".join(checks) or "none",
        "tree": describe_tree(files),
    }


def validate_values(
    request: str, plan: Plan, *, evidence: Sequence[str], files: Sequence[ListedFile], diff: str
) -> dict[str, str]:
    """What the question of the verdict is filled with; `evidence` are commands that exited 0. Pure."""
    return {
        "request": request,
        "plan": describe_plan(plan),
        "evidence": "\n".join(f"`{command}` exited 0" for command in evidence),
        "tree": describe_tree(files),
        "diff": diff,
    }


async def _ask_for_plan(run: TaskRun, tree: CreatedTree, prompt: str, shape: type[A]) -> Plan:
    def refuse(answer: A) -> list[str]:
        return refuse_plan(_as_plan(answer), run.tools.library.stacks, run.task.stack)

    def tell(answer: A) -> list[EventDetail]:
        return [_planned(accept_plan(_as_plan(answer), run.task.checks))]

    async def values() -> dict[str, str]:
        task, files = run.task, await list_files(run, tree.commit)
        asked = plan_values(
            task.request, stack=task.stack, checks=task.checks, stacks=run.tools.library.stacks, files=files
        )
        if shape is not PlanAnswer:
            return asked
        # Who gives others their roles sees what these can be told.
        return asked | {"skills": describe_catalog(run.tools.library.warehouse.catalog(task.skill_areas))}

    question = Question("plan", prompt, shape, BOSS, "Plan the project", values, refuse, tell, topic=run.task.request)
    answer, _ = await ask(run, question, step_names.rounds(step_names.PLAN))
    return accept_plan(_as_plan(answer), run.task.checks)


def _as_plan(answer: object) -> PlanAnswer | SmallPlanAnswer:
    if not isinstance(answer, PlanAnswer | SmallPlanAnswer):
        raise TypeError(answer)
    return answer


def _wanted_stack(stacks: Mapping[str, Stack], asked: str, files: Sequence[ListedFile]) -> str:
    if not asked:
        found = detect_stacks(stacks, [file.path for file in files])
        return "no stack in particular" + (f"; the files look like {describe_placed(found)}" if found else "")
    main, *more = split_names(asked)
    if not more:
        return f"the stack `{main}`, and no other"
    others = ", ".join(f"`{name}`" for name in more)
    return f"the stacks `{main}` at the root and {others} in directories of their own, and no others"


def _planned(plan: Plan) -> Planned:
    managers = tuple(
        PlannedManager(manager.name, tuple(worker.name for worker in manager.workers)) for manager in plan.managers
    )
    return Planned(plan.title, plan.stack_names, managers, plan.checks)


def _refuse_verdict(answer: ValidateAnswer) -> list[str]:
    if answer.approved and answer.reasons:
        return ["`approved` is true and there are `reasons`: either nothing is wrong or it is not approved"]
    if not answer.approved and not answer.reasons:
        return ["`approved` is false and `reasons` is empty: say what is missing"]
    return []


def _tell_verdict(answer: ValidateAnswer) -> list[Reviewed]:
    return [Reviewed(answer.approved, tuple(answer.reasons))]


async def _diff(run: TaskRun, base: str, head: str) -> str:
    before = DiffSide(commit=base, task_id=run.task.id) if base else DiffSide()
    kept = bytearray()
    async for chunk in run.tools.runner.diff(before, DiffSide(commit=head, task_id=run.task.id)):
        kept += chunk
        if len(kept) > DIFF_BYTES:
            return kept[:DIFF_BYTES].decode(errors="replace") + "\n[… the rest is left out …]"
    return kept.decode(errors="replace")
