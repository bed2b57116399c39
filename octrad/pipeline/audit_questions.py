"""Words the questions that a work would begin with, as a run would, for an audit to count. Pure.

The plan that a worker's question carries does not exist yet; one of ordinary length stands in for it. One question
more is as long as the longest of a run can become.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from octrad.gateway.calls import Completion
from octrad.knowledge.choose_guides import choose_guides
from octrad.knowledge.detect_stacks import detect_stacks
from octrad.knowledge.guides import Guide
from octrad.knowledge.stacks import PlacedStack, Stack, split_names
from octrad.pipeline.answers import (
    BRIEF_CHARACTERS,
    MANAGERS_AT_MOST,
    GradeAnswer,
    PlanAnswer,
    WorkAnswer,
)
from octrad.pipeline.ask import word_question
from octrad.pipeline.boss import grade_values, plan_values
from octrad.pipeline.context_for_prompt import CHARACTERS_A_TOKEN, CONTEXT_TOKENS, NOTHING_KNOWN
from octrad.pipeline.describe import describe_guides, guides_of
from octrad.pipeline.pick_skills import CATALOG_CHARACTERS, ORDINARY_SKILLS_CHARACTERS, SKILLS_CHARACTERS
from octrad.pipeline.plan import BUILDER, Manager, Plan, Worker
from octrad.pipeline.relevant_files import FILES_BYTES, TREE_LINES, ListedFile
from octrad.pipeline.worker import Job, work_values

GRADE: Final = "grade"
PLAN: Final = "plan"
WORK: Final = "work"
# A worker's question late in a large project: it shows as many files as a prompt may.
LATER_WORK: Final = "later work"
ORDINARY_BRIEF_CHARACTERS = 1500
# Three characters a token, which is what code has at its densest.
_STAND_IN = "ab "
_GROWN_TREE = tuple(ListedFile(f"source/component-{n}/module-{n}.py", 10_000, "file") for n in range(TREE_LINES + 1))


@dataclass(frozen=True, slots=True)
class Work:
    """What would be submitted.

    Args:
        request: in the user's words.
        files: of the tree that it begins with, sorted by path.
        shown: the contents of those that matter, as prompts carry them.
        stack: what the user asked for, as `rust,node`; empty: the Boss chooses.
        checks: the user's own.
    """

    request: str
    files: tuple[ListedFile, ...]
    shown: str
    stack: str = ""
    checks: tuple[str, ...] = ()


def first_questions(work: Work, stacks: Mapping[str, Stack], guides: Mapping[str, Guide]) -> tuple[Completion, ...]:
    """The questions, named `GRADE`, `PLAN`, `WORK` and `LATER_WORK`."""
    much = stand_in(CONTEXT_TOKENS * CHARACTERS_A_TOKEN)
    plan = plan_values(work.request, stack=work.stack, checks=work.checks, stacks=stacks, files=work.files)
    plan["skills"] = stand_in(CATALOG_CHARACTERS)
    return (
        word_question(GRADE, "grade", GradeAnswer, grade_values(work.request, work.files)),
        word_question(PLAN, "plan", PlanAnswer, plan | {"context": NOTHING_KNOWN}),
        word_question(WORK, "work", WorkAnswer, _work_values(work, stacks, guides) | {"context": NOTHING_KNOWN}),
        word_question(LATER_WORK, "work", WorkAnswer, _later_values(work, stacks, guides) | {"context": much}),
    )


def stand_in(characters: int) -> str:
    """Text of a length, in place of one that is not known yet."""
    return (_STAND_IN * (characters // len(_STAND_IN) + 1))[:characters]


def _work_values(work: Work, stacks: Mapping[str, Stack], guides: Mapping[str, Guide]) -> dict[str, str]:
    plan = _plan(work, stacks, guides, brief=stand_in(ORDINARY_BRIEF_CHARACTERS), managers=())
    job = Job(plan.workers[0], plan.brief, "", stand_in(ORDINARY_SKILLS_CHARACTERS))
    told = describe_guides(guides_of(plan, stacks, guides))
    return work_values(work.request, plan, job, guides=told, files=work.files, shown=work.shown)


def _later_values(work: Work, stacks: Mapping[str, Stack], guides: Mapping[str, Guide]) -> dict[str, str]:
    managers = tuple(
        Manager(f"part-{number}", stand_in(ORDINARY_BRIEF_CHARACTERS), (f"part-{number}/**",), ())
        for number in range(MANAGERS_AT_MOST)
    )
    plan = _plan(work, stacks, guides, brief=stand_in(BRIEF_CHARACTERS), managers=managers)
    worker = Worker(BUILDER, "a part", managers[0].name, managers[0].owns)
    job = Job(worker, stand_in(BRIEF_CHARACTERS), "", stand_in(SKILLS_CHARACTERS), feedback=stand_in(BRIEF_CHARACTERS))
    told = describe_guides(guides_of(plan, stacks, guides))
    return work_values(work.request, plan, job, guides=told, files=_GROWN_TREE, shown=stand_in(FILES_BYTES))


def _plan(
    work: Work, stacks: Mapping[str, Stack], guides: Mapping[str, Guide], *, brief: str, managers: Sequence[Manager]
) -> Plan:
    placed = [PlacedStack(name) for name in split_names(work.stack)]
    placed = placed or [*detect_stacks(stacks, [file.path for file in work.files])]
    main, *more = placed or [PlacedStack(_wordiest(stacks, guides))]
    checks = tuple(check for one in (main, *more) for check in stacks[one.name].checks)
    return Plan("The project", "project", main.name, (), brief, tuple(managers), (*checks, *work.checks), tuple(more))


def _wordiest(stacks: Mapping[str, Stack], guides: Mapping[str, Guide]) -> str:
    """The stack with most to say, where nobody knows which it will be."""
    return max(sorted(stacks), key=lambda name: len(describe_guides(choose_guides(guides, stacks[name].guides))))
