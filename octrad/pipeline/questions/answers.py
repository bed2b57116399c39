"""What a model may answer: one pydantic model a question. Everything in them is hostile until it is checked.

These models bound shapes and sizes; what an answer *means* is checked beside the question that asks for it.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from octrad.tasks.context.entry import CONTENT_CHARACTERS

BRIEF_CHARACTERS = 8000
MANAGERS_AT_MOST = 5
CONTEXT_AT_MOST = 5
WORKERS_OF_A_MANAGER = 4


def _without_control_characters(text: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError("must be one line without control characters")
    return text


Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_without_control_characters)]
CommandLine = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_without_control_characters)]
Brief = Annotated[str, Field(min_length=1, max_length=BRIEF_CHARACTERS)]
Name = Annotated[str, Field(max_length=100)]
PathText = Annotated[str, Field(max_length=1000)]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ContextItem(_Answer):
    """Something that an answer wants remembered."""

    scope: Literal["global", "team", "individual"]
    type: Literal["rule", "decision", "interface", "fact", "warning"]
    content: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=CONTENT_CHARACTERS)]


class SpeakingAnswer(_Answer):
    """An answer that may say something into the project's context beside what it was asked for."""

    context: Annotated[tuple[ContextItem, ...], Field(max_length=CONTEXT_AT_MOST)] = ()


class GradeAnswer(_Answer):
    """How much work the request is."""

    grade: Annotated[int, Field(ge=1, le=5)]
    reason: Line


class PlannedStack(_Answer):
    """One more stack of a project, in a directory of its own."""

    stack: Name
    directory: PathText


class SmallPlanAnswer(SpeakingAnswer):
    """The plan of a project that one worker builds."""

    title: Line
    name: Name
    stack: Name
    # A plan that was recorded before there could be several has none.
    more_stacks: Annotated[list[PlannedStack], Field(max_length=10)] = Field(default_factory=list)
    packages: Annotated[list[Name], Field(max_length=30)]
    brief: Brief
    checks: Annotated[list[CommandLine], Field(min_length=1, max_length=10)]


class PlannedWorker(_Answer):
    """Somebody who writes files."""

    name: Name
    role: Line


class PlannedManager(_Answer):
    """Somebody who answers for a part of the files."""

    name: Name
    brief: Brief
    owns: Annotated[list[PathText], Field(min_length=1, max_length=40)]
    workers: Annotated[list[PlannedWorker], Field(min_length=1, max_length=WORKERS_OF_A_MANAGER)]


class PlanAnswer(SpeakingAnswer):
    """The plan of a project that several build."""

    title: Line
    name: Name
    stack: Name
    # A plan that was recorded before there could be several has none.
    more_stacks: Annotated[list[PlannedStack], Field(max_length=10)] = Field(default_factory=list)
    packages: Annotated[list[Name], Field(max_length=30)]
    brief: Brief
    managers: Annotated[list[PlannedManager], Field(min_length=1, max_length=MANAGERS_AT_MOST)]
    checks: Annotated[list[CommandLine], Field(min_length=1, max_length=10)]


class Assignment(_Answer):
    """What one worker is to do."""

    worker: Name
    brief: Brief
    # Slugs. Answers that were recorded before there were any have none.
    skills: Annotated[list[Name], Field(max_length=20)] = Field(default_factory=list)


class AssignAnswer(SpeakingAnswer):
    """How a manager divides the work."""

    assignments: Annotated[list[Assignment], Field(min_length=1, max_length=WORKERS_OF_A_MANAGER)]


class WrittenFile(_Answer):
    """A whole file, new or overwritten."""

    path: PathText
    content: str
    executable: bool


class WrittenEdit(_Answer):
    """One place of an existing file."""

    path: PathText
    search: str
    replace: str


class WorkAnswer(SpeakingAnswer):
    """What a worker, or a fix, changes."""

    summary: Brief
    files: Annotated[list[WrittenFile], Field(max_length=200)]
    edits: Annotated[list[WrittenEdit], Field(max_length=200)]
    removals: Annotated[list[PathText], Field(max_length=200)]
    # Answers of before there were requests have none.
    packages: Annotated[list[Name], Field(max_length=10)] = []


class ScaffoldFixAnswer(_Answer):
    """What to change before a scaffold command runs again."""

    summary: Brief
    name: Name
    files: Annotated[list[WrittenFile], Field(max_length=50)]
    removals: Annotated[list[PathText], Field(max_length=50)]


class Problem(_Answer):
    """What one worker has to do again, and why."""

    worker: Name
    reason: Brief


class ReviewAnswer(SpeakingAnswer):
    """A manager's verdict on the work of its workers."""

    approved: bool
    problems: Annotated[list[Problem], Field(max_length=20)]


class ValidateAnswer(SpeakingAnswer):
    """The Boss's verdict on the whole."""

    approved: bool
    reasons: Annotated[list[Brief], Field(max_length=20)]


class NoteWordingAnswer(_Answer):
    """The advisor's note in a model's own words."""

    wording: Annotated[str, Field(min_length=1, max_length=600)]


class ConsultAnswer(_Answer):
    """What the advisor says to a person's question about a task."""

    answer: Annotated[str, Field(min_length=1, max_length=4000)]
