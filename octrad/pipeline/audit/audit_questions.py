"""Words the questions that a work would ask, as a run would, for an audit to count. Pure.

What the first question of each kind will carry is there or can be guessed: in place of a plan, a brief or changes that
do not exist yet stands text of ordinary length. One question more of some kinds is as long as the longest of a run can
become.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pydantic import BaseModel

from octrad.gateway.calls import Completion, ModelRole
from octrad.knowledge.choose_guides import choose_guides
from octrad.knowledge.detect_stacks import detect_stacks
from octrad.knowledge.guides import Guide
from octrad.knowledge.stacks import PlacedStack, Stack, split_names
from octrad.pipeline.advisor.situation import OUTPUT_CHARACTERS
from octrad.pipeline.advisor.word_note import wording_values
from octrad.pipeline.boss import DIFF_BYTES, grade_values, plan_values, validate_values
from octrad.pipeline.describe import describe_guides, guides_of
from octrad.pipeline.manager import assign_values, review_values
from octrad.pipeline.pick_skills import CATALOG_CHARACTERS, ORDINARY_SKILLS_CHARACTERS, SKILLS_CHARACTERS
from octrad.pipeline.plan import BUILDER, Manager, Plan, Worker
from octrad.pipeline.questions.answers import (
    BRIEF_CHARACTERS,
    MANAGERS_AT_MOST,
    WORKERS_OF_A_MANAGER,
    AssignAnswer,
    GradeAnswer,
    NoteWordingAnswer,
    PlanAnswer,
    ReviewAnswer,
    SpeakingAnswer,
    ValidateAnswer,
    WorkAnswer,
)
from octrad.pipeline.questions.ask import word_question
from octrad.pipeline.questions.context_for_prompt import CHARACTERS_A_TOKEN, CONTEXT_TOKENS, NOTHING_KNOWN
from octrad.pipeline.questions.question_roles import role_of
from octrad.pipeline.relevant_files import FILES_BYTES, TREE_LINES, ListedFile
from octrad.pipeline.worker import Job, work_values

_LATER: Final = "later "
GRADE: Final = "grade"
PLAN: Final = "plan"
VALIDATE: Final = "validate"
ASSIGN: Final = "assign"
WORK: Final = "work"
REVIEW: Final = "review"
ADVISE: Final = "advise"
# Those late in a large project: they show as many files, or changes, as a prompt may.
LATER_VALIDATE: Final = f"{_LATER}{VALIDATE}"
LATER_WORK: Final = f"{_LATER}{WORK}"
LATER_REVIEW: Final = f"{_LATER}{REVIEW}"
ORDINARY_BRIEF_CHARACTERS = 1500
ORDINARY_NOTE_CHARACTERS = 1500
# A small program's.
ORDINARY_CHANGES_CHARACTERS = 4500
# Three characters a token, which is what code has at its densest.
_STAND_IN = "ab "
_MUCH_CONTEXT = _STAND_IN * (CONTEXT_TOKENS * CHARACTERS_A_TOKEN // len(_STAND_IN))
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


def first_questions(
    work: Work, stacks: Mapping[str, Stack], guides: Mapping[str, Guide], roles: Collection[ModelRole]
) -> tuple[Completion, ...]:
    """The questions of these roles, each with its role; those of a role stand together, in the order of `ModelRole`."""
    small = _plan(work, stacks, guides)
    told = describe_guides(guides_of(small, stacks, guides))
    divided = replace(small, managers=_MANAGERS)
    grown = replace(divided, brief=stand_in(BRIEF_CHARACTERS))
    planned = plan_values(work.request, stack=work.stack, checks=work.checks, stacks=stacks, files=work.files)
    questions = (
        _word(GRADE, GradeAnswer, grade_values(work.request, work.files)),
        _word(PLAN, PlanAnswer, planned | {"skills": stand_in(CATALOG_CHARACTERS)}),
        _word(VALIDATE, ValidateAnswer, _verdict(work, small, work.files, ORDINARY_CHANGES_CHARACTERS)),
        _word(LATER_VALIDATE, ValidateAnswer, _verdict(work, grown, _GROWN_TREE, DIFF_BYTES)),
        _word(ASSIGN, AssignAnswer, _assignments(work, divided)),
        _word(WORK, WorkAnswer, _first_work(work, small, told)),
        _word(LATER_WORK, WorkAnswer, _later_work(work, grown, told)),
        _word(REVIEW, ReviewAnswer, _review(work, divided, work.files, ORDINARY_BRIEF_CHARACTERS, work.shown)),
        _word(
            LATER_REVIEW,
            ReviewAnswer,
            _review(work, grown, _GROWN_TREE, BRIEF_CHARACTERS, stand_in(FILES_BYTES)),
        ),
        _word(ADVISE, NoteWordingAnswer, _note(work), prompt="word_note"),
    )
    return tuple(question for question in questions if question.role in roles)


def stand_in(characters: int) -> str:
    """Text of a length, in place of one that is not known yet."""
    return (_STAND_IN * (characters // len(_STAND_IN) + 1))[:characters]


_MANAGERS = tuple(
    Manager(
        f"part-{part}",
        stand_in(ORDINARY_BRIEF_CHARACTERS),
        (f"part-{part}/**",),
        tuple(
            Worker(f"worker-{part}-{n}", "a piece of the part", f"part-{part}", (f"part-{part}/**",))
            for n in range(WORKERS_OF_A_MANAGER)
        ),
    )
    for part in range(MANAGERS_AT_MOST)
)


def _word(name: str, answer: type[BaseModel], values: Mapping[str, str], *, prompt: str = "") -> Completion:
    question = name.removeprefix(_LATER)
    if issubclass(answer, SpeakingAnswer):
        # Who may say something to others is told what they said.
        values = {**values, "context": NOTHING_KNOWN if question == name else _MUCH_CONTEXT}
    return replace(word_question(name, prompt or question, answer, values), role=role_of(question))


def _verdict(work: Work, plan: Plan, files: Sequence[ListedFile], changes_characters: int) -> dict[str, str]:
    return validate_values(work.request, plan, evidence=plan.checks, files=files, diff=stand_in(changes_characters))


def _first_work(work: Work, plan: Plan, guides: str) -> dict[str, str]:
    job = Job(plan.workers[0], plan.brief, "", stand_in(ORDINARY_SKILLS_CHARACTERS))
    return work_values(work.request, plan, job, guides=guides, files=work.files, shown=work.shown)


def _later_work(work: Work, plan: Plan, guides: str) -> dict[str, str]:
    worker = Worker(BUILDER, "a part", _MANAGERS[0].name, _MANAGERS[0].owns)
    job = Job(worker, stand_in(BRIEF_CHARACTERS), "", stand_in(SKILLS_CHARACTERS), feedback=stand_in(BRIEF_CHARACTERS))
    return work_values(work.request, plan, job, guides=guides, files=_GROWN_TREE, shown=stand_in(FILES_BYTES))


def _review(work: Work, plan: Plan, files: Sequence[ListedFile], brief_characters: int, shown: str) -> dict[str, str]:
    manager = _MANAGERS[0]
    briefs = {worker.name: stand_in(brief_characters) for worker in manager.workers}
    return review_values(work.request, plan, manager, briefs=briefs, files=files, shown=shown)


def _note(work: Work) -> dict[str, str]:
    return wording_values(work.request, stand_in(ORDINARY_NOTE_CHARACTERS), stand_in(OUTPUT_CHARACTERS))


def _assignments(work: Work, plan: Plan) -> dict[str, str]:
    values = assign_values(work.request, plan, _MANAGERS[0], work.files)
    return values | {"skills": stand_in(CATALOG_CHARACTERS)}


def _plan(work: Work, stacks: Mapping[str, Stack], guides: Mapping[str, Guide]) -> Plan:
    placed = [PlacedStack(name) for name in split_names(work.stack)]
    placed = placed or [*detect_stacks(stacks, [file.path for file in work.files])]
    main, *more = placed or [PlacedStack(_wordiest(stacks, guides))]
    checks = (*(check for one in (main, *more) for check in stacks[one.name].checks), *work.checks)
    return Plan("The project", "project", main.name, (), stand_in(ORDINARY_BRIEF_CHARACTERS), (), checks, tuple(more))


def _wordiest(stacks: Mapping[str, Stack], guides: Mapping[str, Guide]) -> str:
    """The stack with most to say, where nobody knows which it will be."""
    return max(sorted(stacks), key=lambda name: len(describe_guides(choose_guides(guides, stacks[name].guides))))
