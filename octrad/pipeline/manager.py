"""A manager: divides its part among its workers, and says which of them have to work again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from octrad.pipeline import step_names
from octrad.pipeline.describe import describe_owned, describe_plan, describe_workers
from octrad.pipeline.pick_skills import describe_candidates, find_candidates, refuse_skills
from octrad.pipeline.plan import Manager, Plan
from octrad.pipeline.project_files import list_files, show_files
from octrad.pipeline.questions.answers import AssignAnswer, Assignment, ReviewAnswer
from octrad.pipeline.questions.ask import Question, ask
from octrad.pipeline.relevant_files import ListedFile, describe_tree
from octrad.pipeline.task_run import Speaker, TaskRun
from octrad.tasks.events import Reviewed
from octrad.tasks.task import Role


@dataclass(frozen=True, slots=True)
class Review:
    """Who has to work again and why; nobody means approved."""

    sent_back: Mapping[str, str]
    round_number: int


async def assign(run: TaskRun, plan: Plan, manager: Manager, head: str) -> dict[str, Assignment]:
    """What each worker of the manager is to do, and which skills it is told, by the worker's name."""
    candidates = find_candidates(run.tools.library.warehouse, plan, manager, run.task.skill_areas)

    async def values() -> dict[str, str]:
        values = assign_values(run.task.request, plan, manager, await list_files(run, head))
        return values | {"skills": describe_candidates(candidates)}

    def refuse(answer: AssignAnswer) -> list[str]:
        return refuse_assignments(answer, manager) + refuse_skills(answer.assignments, candidates)

    speaker = Speaker(Role.MANAGER, manager.name, team=manager.name)
    question = Question(
        "assign", "assign", AssignAnswer, speaker, "Assign the work", values, refuse, topic=manager.brief
    )
    answer, _ = await ask(run, question, step_names.rounds(step_names.assigned(manager.name)))
    return {assignment.worker: assignment for assignment in answer.assignments}


async def review(
    run: TaskRun, plan: Plan, manager: Manager, head: str, *, briefs: Mapping[str, str], first_round: int
) -> Review:
    """Whether the manager's part of main is what was asked for. Fails closed: silence is not an approval."""

    async def values() -> dict[str, str]:
        files, shown = await list_files(run, head), await show_files(run, head, owns=manager.owns)
        return review_values(run.task.request, plan, manager, briefs=briefs, files=files, shown=shown)

    def refuse(answer: ReviewAnswer) -> list[str]:
        return refuse_review(answer, manager)

    speaker = Speaker(Role.MANAGER, manager.name, team=manager.name)
    question = Question(
        "review",
        "review",
        ReviewAnswer,
        speaker,
        "Review the work",
        values,
        refuse,
        _tell,
        topic=manager.brief,
        ends_team=_is_approved,
    )
    answer, tried = await ask(run, question, lambda number: step_names.reviewed(manager.name, first_round + number - 1))
    reasons: dict[str, str] = {}
    for problem in answer.problems:
        reasons[problem.worker] = "\n\n".join(filter(None, [reasons.get(problem.worker), problem.reason]))
    return Review(reasons, first_round + tried - 1)


def assign_values(request: str, plan: Plan, manager: Manager, files: Sequence[ListedFile]) -> dict[str, str]:
    """What the question for the division of a manager's work is filled with. Pure."""
    return {
        "request": request,
        "plan": describe_plan(plan),
        "manager": manager.name,
        "brief": manager.brief,
        "owns": describe_owned(manager.owns),
        "workers": describe_workers(manager),
        "tree": describe_tree(files),
    }


def review_values(
    request: str,
    plan: Plan,
    manager: Manager,
    *,
    briefs: Mapping[str, str],
    files: Sequence[ListedFile],
    shown: str,
) -> dict[str, str]:
    """What the question of a review is filled with; `briefs` are the workers', by their names. Pure."""
    return {
        "request": request,
        "plan": describe_plan(plan),
        "manager": manager.name,
        "brief": manager.brief,
        "assignments": "\n\n".join(f"{worker.name}: {briefs[worker.name]}" for worker in manager.workers),
        "tree": describe_tree(files),
        "files": shown,
    }


def refuse_assignments(answer: AssignAnswer, manager: Manager) -> list[str]:
    """Why a division of the work is refused: every worker gets exactly one assignment, and nobody else does."""
    assigned = [assignment.worker for assignment in answer.assignments]
    known = [worker.name for worker in manager.workers]
    reasons = [f"{name[:60]!r} is none of your workers" for name in assigned if name not in known]
    reasons += [f"{name!r} has no assignment" for name in known if name not in assigned]
    return reasons + [f"{name!r} has {assigned.count(name)} assignments" for name in known if assigned.count(name) > 1]


def refuse_review(answer: ReviewAnswer, manager: Manager) -> list[str]:
    """Why a verdict is refused: it contradicts itself, or names somebody else's worker."""
    known = {worker.name for worker in manager.workers}
    reasons = [f"{one.worker[:60]!r} is none of your workers" for one in answer.problems if one.worker not in known]
    if answer.approved and answer.problems:
        reasons.append("`approved` is true and there are `problems`: either nothing is wrong or it is not approved")
    if not answer.approved and not answer.problems:
        reasons.append("`approved` is false and `problems` is empty: say who has to do what again")
    return reasons


def _is_approved(answer: ReviewAnswer) -> bool:
    return answer.approved


def _tell(answer: ReviewAnswer) -> Sequence[Reviewed]:
    return [Reviewed(answer.approved, tuple(f"{problem.worker}: {problem.reason}" for problem in answer.problems))]
