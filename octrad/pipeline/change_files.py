"""Asks a model for changes to files and makes them: a question, and then a step in which the runner applies it.

What the runner refuses (an edit that fits nowhere or twice, a path that leaves the tree, a file that is too large)
goes back to the model with the reasons, as a further round.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from octrad.pipeline.apply_edits import Target, apply_edits, subject_of
from octrad.pipeline.package_requests import NO_MORE
from octrad.pipeline.questions.answers import WorkAnswer
from octrad.pipeline.questions.ask import REFUSED_ROUNDS, Question, Reply, put, refused_error
from octrad.pipeline.task_run import TaskRun
from octrad.runner.edits import Edit, Removal, Replacement, WholeFile


@dataclass(frozen=True, slots=True)
class Naming:
    """How the steps of a round are called: the question, and the change that follows it."""

    question: Callable[[int], str]
    change: Callable[[int], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Changed:
    """Changes that were made: the commit that holds them, the round that brought them, and packages asked for in it."""

    commit: str
    round_number: int
    packages: tuple[str, ...] = ()


async def change_files(
    run: TaskRun, question: Question[WorkAnswer], target: Target, first_round: int, naming: Naming
) -> Changed:
    """Asks from `first_round` on until an answer could be applied.

    Raises:
        AnswerRefusedError: every answer was refused.
        ModelsFailedError: no model answered.
    """
    refused: Reply | None = None
    for number in range(first_round, first_round + 1 + run.times_run(REFUSED_ROUNDS)):
        reply = await put(run, question, naming.question(number), refused)
        if reply.refusals:
            refused = reply
            continue
        answer = WorkAnswer.model_validate_json(reply.answer_json)
        edits, packages = edits_of(answer), tuple(answer.packages)
        if not edits:
            return Changed(target.commit, number, packages)
        applied = await apply_edits(
            run,
            await naming.change(number),
            edits,
            target,
            subject=subject_of(answer.summary),
            speaker=question.speaker,
        )
        if not applied.refusals:
            return Changed(applied.commit, number, packages)
        refused = replace(reply, refusals=applied.refusals)
    raise refused_error(question.title, refused.refusals if refused else ())


def refuse_nothing_changed(answer: WorkAnswer, *, may_ask: bool = False) -> list[str]:
    """Why an answer that changes nothing is refused: unless it asks for packages, where it may."""
    if answer.files or answer.edits or answer.removals:
        return []
    if answer.packages:
        return [] if may_ask else [f"{NO_MORE}: go on with what is there"]
    return ["`files`, `edits` and `removals` are all empty: nothing would change"]


def edits_of(answer: WorkAnswer) -> list[Edit]:
    """The answer's changes as the runner takes them: removals, then whole files, then replacements in their order."""
    removals = [Removal(path) for path in answer.removals]
    files = [WholeFile(file.path, file.content, file.executable) for file in answer.files]
    return [*removals, *files, *(Replacement(edit.path, edit.search, edit.replace) for edit in answer.edits)]
