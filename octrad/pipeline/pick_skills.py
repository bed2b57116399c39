"""Settles which fragments of the skill warehouse each worker is told, once for all of its rounds.

A manager chooses from candidates that a search finds for each of its workers. Where it chooses none, and where there is
no manager, the best that the search finds are taken. The choice is a step, and its result has the fragments' own text:
whoever is asked again, after a reload or in a retry, is told the same, whatever has become of the files.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from octrad.knowledge.skill_search import Found
from octrad.knowledge.skill_warehouse import SkillWarehouse
from octrad.knowledge.skills import LINE_CHARACTERS, MOST_LINES, NAME_CHARACTERS, Skill
from octrad.pipeline import step_names
from octrad.pipeline.plan import Manager, Plan, Worker
from octrad.pipeline.questions.answers import Assignment
from octrad.pipeline.task_run import DAEMON, TaskRun
from octrad.tasks.events import Remarked, SkillsPicked
from octrad.tasks.journal_step import Step
from octrad.tasks.task import Task

PICKED_AT_MOST = 3
CANDIDATES = 8
# Of the text that is searched by: what a work is about stands at its beginning.
_QUERY_CHARACTERS = 2000
# What a prompt carries of them at most, and usually.
SKILLS_CHARACTERS = PICKED_AT_MOST * (NAME_CHARACTERS + MOST_LINES * LINE_CHARACTERS)
ORDINARY_SKILLS_CHARACTERS = PICKED_AT_MOST * 700
CATALOG_CHARACTERS = 6000
_NONE = "Nothing special."


@dataclass(frozen=True, slots=True)
class Fragment:
    """A fragment as it was when it was picked."""

    slug: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class WorkerSkills:
    """What one worker is told, and who chose it."""

    worker: str
    by: Literal["manager", "search"]
    fragments: tuple[Fragment, ...]

    def event(self) -> SkillsPicked:
        """The choice as people hear of it."""
        return SkillsPicked(self.worker, tuple(fragment.slug for fragment in self.fragments), self.by)


@dataclass(frozen=True, slots=True)
class PickedSkills:
    """What everybody is told."""

    workers: tuple[WorkerSkills, ...]


async def pick_skills(run: TaskRun, plan: Plan, assignments: Mapping[str, Assignment]) -> dict[str, str]:
    """The words for each worker's prompt, by its name; without managers there are no assignments."""

    async def work(step: Step) -> PickedSkills:
        warehouse = run.tools.library.warehouse
        told = [
            settle_worker(warehouse, plan, worker, assignments.get(worker.name), run.task) for worker in plan.workers
        ]
        for worker_skills, missing in told:
            step.record(worker_skills.event())
            for slug in missing:
                step.record(Remarked(f"{worker_skills.worker} goes without the skill {slug}: it is there no more"))
        return PickedSkills(tuple(worker_skills for worker_skills, _ in told))

    picked = await run.journal.step(
        step_names.SKILLS, work, result=PickedSkills, role=DAEMON.role, title="Pick the skills"
    )
    return {one.worker: describe_fragments(one.fragments) for one in picked.workers}


def find_candidates(
    warehouse: SkillWarehouse, plan: Plan, manager: Manager, areas: Collection[str]
) -> dict[str, tuple[Skill, ...]]:
    """What a manager may choose from for each of its workers. Pure."""
    return {worker.name: _candidates_of(worker, warehouse, plan, manager, areas) for worker in manager.workers}


def find_fitting(
    warehouse: SkillWarehouse, *, role: str, tech: str, task: str, areas: Collection[str]
) -> tuple[Skill, ...]:
    """What a worker is told where nobody chooses: the best that the search finds, but for chance hits. Pure."""
    found = warehouse.search(role, tech, task[:_QUERY_CHARACTERS], CANDIDATES, areas)
    return tuple(one.skill for one in found if _is_about(one))[:PICKED_AT_MOST]


def settle_worker(
    warehouse: SkillWarehouse, plan: Plan, worker: Worker, assignment: Assignment | None, task: Task
) -> tuple[WorkerSkills, tuple[str, ...]]:
    """What a worker is told; and which fragments its manager chose that are there no more. Pure."""
    if assignment is not None and assignment.skills:
        selected = warehouse.select(tuple(dict.fromkeys(assignment.skills)))
        return WorkerSkills(worker.name, "manager", _fragments(selected.skills)), selected.missing
    role, words = (worker.role, assignment.brief) if assignment else ("", f"{plan.title}\n{task.request}")
    skills = find_fitting(warehouse, role=role, tech=_tech(plan), task=words, areas=task.skill_areas)
    return WorkerSkills(worker.name, "search", _fragments(skills)), ()


def refuse_skills(assignments: Sequence[Assignment], candidates: Mapping[str, Sequence[Skill]]) -> list[str]:
    """Why a manager's choice is refused: what was not shown to it, or more than a worker can be told. Pure."""
    shown = {skill.slug for skills in candidates.values() for skill in skills}
    reasons = [
        f"{slug[:60]!r}, for {assignment.worker[:60]!r}, is none of the `skills` that were listed"
        for assignment in assignments
        for slug in assignment.skills
        if slug not in shown
    ]
    return reasons + [
        f"{assignment.worker[:60]!r} has {len(assignment.skills)} `skills`; at most {PICKED_AT_MOST}"
        for assignment in assignments
        if len(assignment.skills) > PICKED_AT_MOST
    ]


def describe_candidates(candidates: Mapping[str, Sequence[Skill]]) -> str:
    """The candidates of each worker, as its manager sees them. Pure."""
    return "\n\n".join(
        "\n".join([f"For {worker}:", *(f"- `{skill.slug}`: {skill.name} ({skill.area})" for skill in skills)])
        if skills
        else f"For {worker}: none"
        for worker, skills in candidates.items()
    )


def describe_catalog(skills: Iterable[Skill]) -> str:
    """What there is, an area a line, as the Boss sees it; what is beyond the bound is left out. Pure."""
    names: dict[str, list[str]] = {}
    for skill in skills:
        names.setdefault(skill.area, []).append(skill.name)
    text = "\n".join(f"- {area}: {'; '.join(of_area)}" for area, of_area in names.items()) or _NONE
    return text if len(text) <= CATALOG_CHARACTERS else f"{text[:CATALOG_CHARACTERS].rpartition(';')[0]}; …"


def describe_fragments(fragments: Sequence[Fragment]) -> str:
    """Fragments as a worker reads them. Pure."""
    return "\n\n".join(f"{fragment.name}:\n{fragment.text}" for fragment in fragments) or _NONE


def _candidates_of(
    worker: Worker, warehouse: SkillWarehouse, plan: Plan, manager: Manager, areas: Collection[str]
) -> tuple[Skill, ...]:
    # Its brief is still to be written, and the manager's is that of all: the role makes the difference.
    task = f"{worker.role}\n{manager.brief[:_QUERY_CHARACTERS]}"
    found = warehouse.search(worker.role, _tech(plan), task, CANDIDATES, areas)
    return tuple(one.skill for one in found)


def _is_about(found: Found) -> bool:
    """Whether more than one word of what is asked says what the fragment is about; one in common is often chance."""
    return len({term.term for term in found.terms if term.field in {"name", "keywords", "area"}}) > 1


def _fragments(skills: Iterable[Skill]) -> tuple[Fragment, ...]:
    return tuple(Fragment(skill.slug, skill.name, skill.text) for skill in skills)


def _tech(plan: Plan) -> str:
    return " ".join((*(placed.name for placed in plan.stacks), *plan.packages))
