"""What the advisor knows of an end: gathered once and recorded, so that the same advice can be given again. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from octrad.foundation.errors import OctraError
from octrad.pipeline.advisor.clean_text import clean_block, clean_line
from octrad.pipeline.ending import EndKind, Kept
from octrad.tasks.ledger import ModelCall
from octrad.tasks.list_steps import StepRecord
from octrad.tasks.task import Task

# Of what a provider said; its last words are seldom the ones that matter.
ERROR_CHARACTERS = 300
# Of what a command printed: what fits on a screen, and what a pattern is looked for in.
OUTPUT_CHARACTERS = 4000
CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Hop:
    """One model of a chain: how often it was asked in a row, and how it failed the last time."""

    model: str
    outcome: str
    attempts: int
    duration_ms: int
    error: str


@dataclass(frozen=True, slots=True)
class Spent:
    """What the task has cost so far."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unpriced_calls: int = 0


@dataclass(frozen=True, slots=True)
class Situation:
    """How a run ended. Text of models, providers and commands is in it as it came, cut to a size.

    Args:
        task_id: whose it is.
        project: of the task.
        stack: of the task, several with commas; empty before there is a plan.
        models: that the task names, between commas; empty where it takes the configured chains.
        rehearsal: whether a rehearsal answered in place of a model.
        code: of the error, `cancelled`, or, where only the snapshot failed, that of its error.
        failure_class: as in `Ending`.
        reason: as in `Ending`.
        message: as in `Ending`.
        hint: as in `Ending`.
        step: as in `Ending`.
        command: that failed, where the step ran one.
        output: the end of what it printed.
        hops: what was tried, where models failed.
        kept: what is left of the work.
        snapshot_failure: why that is no snapshot.
        passed: the checks that passed on the way, on this tree or an earlier one.
        spent: what all of it has cost.
    """

    task_id: str
    project: str = ""
    stack: str = ""
    models: str = ""
    rehearsal: bool = False
    code: str = ""
    failure_class: str = ""
    reason: str = ""
    message: str = ""
    hint: str = ""
    step: str = ""
    command: str = ""
    output: str = ""
    hops: tuple[Hop, ...] = ()
    kept: Kept = Kept.NOTHING
    snapshot_failure: str = ""
    passed: tuple[str, ...] = ()
    spent: Spent = Spent()


def code_of(kind: EndKind, code: str, snapshot_code: str) -> str:
    """What ended a run, in one word."""
    return CANCELLED if kind is EndKind.CANCELLED else code or snapshot_code


def given_up(task: Task, error: BaseException) -> Situation:
    """The situation of a task that the queue gives up, because running it raised an error again and again."""
    foreseen = error if isinstance(error, OctraError) else OctraError(f"{type(error).__name__}: {error}")
    return Situation(
        task_id=task.id,
        project=task.project,
        stack=task.stack,
        models=task.model,
        rehearsal=task.rehearsal,
        code=foreseen.code,
        message=foreseen.message[:OUTPUT_CHARACTERS],
        hint=foreseen.hint,
        kept=Kept.UNTOUCHED,
        spent=spent_on(task),
    )


def spent_on(task: Task) -> Spent:
    """What a task has cost so far."""
    return Spent(task.input_tokens, task.output_tokens, task.cost_usd, task.unpriced_calls)


def failed_step(steps: Sequence[StepRecord], message: str) -> StepRecord | None:
    """The step that failed with this very message, the last one; one that was helped past has another."""
    failed = [step for step in steps if step.state == "failed" and message and step.error.startswith(message)]
    return max(failed, key=lambda step: step.started_at, default=None)


def hops_of(calls: Iterable[ModelCall]) -> tuple[Hop, ...]:
    """The rows of the ledger as a trail: what came in a row from one model is one hop."""
    return tuple(_hop(model, list(group)) for model, group in groupby(calls, key=lambda call: call.model))


def last_lines(output: str, count: int) -> list[str]:
    """The end of what a command printed, made plain and without empty lines."""
    lines = [line for line in clean_block(output).split("\n") if line.strip()]
    return [clean_line(line, 160) for line in lines[-count:]]


def _hop(model: str, calls: Sequence[ModelCall]) -> Hop:
    last = calls[-1]
    duration_ms = sum(call.duration_ms for call in calls)
    return Hop(model, last.outcome, len(calls), duration_ms, last.error[:ERROR_CHARACTERS])
