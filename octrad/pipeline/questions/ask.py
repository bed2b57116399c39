"""Puts one narrow question to a model: a step of the journal, a schema, and a check of what the answer means.

An answer that breaks a rule goes back with the reasons as a further round, at most `REFUSED_ROUNDS` times in a run.
Nothing that a model says goes past here unchecked.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from octrad.foundation.errors import OctraError
from octrad.gateway.calls import Attempt, Completed, Completion, Message, ModelsFailedError
from octrad.pipeline.questions.answer_schema import answer_schema
from octrad.pipeline.questions.answers import SpeakingAnswer
from octrad.pipeline.questions.content_hash import hash_content
from octrad.pipeline.questions.context_for_prompt import for_prompt
from octrad.pipeline.questions.follow_answer import AnswerFollower
from octrad.pipeline.questions.project_context import hear, say
from octrad.pipeline.questions.prompts import load_prompt, render
from octrad.pipeline.questions.provider_marks import known_marks
from octrad.pipeline.questions.question_roles import is_long, role_of
from octrad.pipeline.questions.stay_in_budget import stay_in_budget
from octrad.pipeline.servants import call_servant
from octrad.pipeline.task_run import Speaker, TaskRun
from octrad.tasks.events import EventDetail, Remarked
from octrad.tasks.journal_step import Step
from octrad.tasks.ledger import ModelCall
from octrad.tasks.transition import describe_task

REFUSED_ROUNDS = 2
# Of an answer that was refused, this much goes back with the reasons.
REFUSED_ANSWER_CHARACTERS = 8000

A = TypeVar("A", bound=BaseModel)
Values = Callable[[], Awaitable[Mapping[str, str]]]


class AnswerRefusedError(OctraError):
    """A model's answers to one question were refused every time."""

    code = "answer_refused"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered, and why that is refused; no reasons mean that it is accepted."""

    answer_json: str
    refusals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question(Generic[A]):
    """One question.

    `name` decides whose models are asked (`question_roles`). `values` are what the prompt is filled with, made only
    when the question is really put; they must follow from the task, the plan and commits alone, because the same step
    asked again must be the same request. `refuse` says what is wrong with an answer of the right shape; `tell` what
    people should hear of an answer that is accepted.

    `topic` is what the context that goes into the prompt should be about; None where the prompt takes none.
    `ends_team` says whether an answer means that the speaker's team is done.
    """

    name: str
    prompt: str
    answer: type[A]
    speaker: Speaker
    title: str
    values: Values
    refuse: Callable[[A], Sequence[str]] = lambda _: ()
    tell: Callable[[A], Sequence[EventDetail]] = lambda _: ()
    topic: str | None = None
    ends_team: Callable[[A], bool] = lambda _: False


async def ask(run: TaskRun, question: Question[A], step_name: Callable[[int], str]) -> tuple[A, int]:
    """Asks until an answer is accepted; returns it with its round. `step_name` names the step of a round, from 1.

    Raises:
        AnswerRefusedError: every answer was refused.
        ModelsFailedError: no model answered.
        BudgetUsedUpError: a budget has no room for another call.
    """
    refused: Reply | None = None
    for round_number in range(1, 2 + run.times_run(REFUSED_ROUNDS)):
        reply = await put(run, question, step_name(round_number), refused)
        if not reply.refusals:
            return question.answer.model_validate_json(reply.answer_json), round_number
        refused = reply
    raise refused_error(question.title, refused.refusals if refused else ())


async def put(run: TaskRun, question: Question[A], step_name: str, refused: Reply | None = None) -> Reply:
    """Asks once, as one step."""

    async def work(step: Step) -> Reply:
        async def acknowledge() -> None:
            await run.tools.gateway.acknowledge(step.request_id)

        step.on_recorded(acknowledge)
        completion = await _completion(run, question, step, refused)
        await stay_in_budget(run, step, completion)
        completed = await _complete(run, step, completion, acknowledge)
        reply = judge(question, completed.answer_json)
        _tell(step, question, reply)
        return reply

    speaker = question.speaker
    return await run.journal.step(
        step_name, work, result=Reply, role=speaker.role, agent=speaker.agent, title=question.title
    )


def judge(question: Question[A], answer_json: str) -> Reply:
    """Checks an answer's shape and meaning. Pure but for the question's own rules."""
    try:
        answer = question.answer.model_validate_json(answer_json)
    except ValidationError as error:
        return Reply(answer_json, tuple(_fault(detail["loc"], detail["msg"]) for detail in error.errors()[:20]))
    return Reply(answer_json, tuple(question.refuse(answer)))


def word_question(name: str, prompt: str, answer: type[BaseModel], values: Mapping[str, str]) -> Completion:
    """A question as it is put the first time, to the configured chain. Pure but for reading the prompt's file once."""
    rendered = render(load_prompt(prompt), values)
    messages = (Message("system", rendered.system), Message("user", rendered.user))
    return Completion(name, messages, answer_schema(answer))


def chain_of(model: str) -> tuple[str, ...]:
    """The chain that a task names; empty: the configured one."""
    return tuple(name.strip() for name in model.split(",") if name.strip())


def refused_error(title: str, reasons: Sequence[str]) -> AnswerRefusedError:
    """The end of a question whose answers were all refused."""
    return AnswerRefusedError(f"every answer to “{title}” was refused, the last one because: {'; '.join(reasons[:3])}")


def _fault(location: tuple[int | str, ...], message: str) -> str:
    return f"`{'.'.join(str(part) for part in location)}`: {message}"


async def _completion(run: TaskRun, question: Question[A], step: Step, refused: Reply | None) -> Completion:
    values = await question.values()
    if question.topic is not None:
        heard = await hear(run, step, question.speaker)
        values = {**values, "context": for_prompt(heard, question.topic)}
    worded = word_question(question.name, question.prompt, question.answer, values)
    chain = chain_of(run.task.model)
    asked = replace(worded, chain=chain, role=role_of(question.name), long=is_long(question.name))
    if refused is None:
        return asked
    refusal = render(load_prompt("refused"), {"reasons": "\n".join(refused.refusals)})
    further = (
        Message("assistant", refused.answer_json[:REFUSED_ANSWER_CHARACTERS]),
        Message("user", refusal.user),
    )
    return replace(asked, messages=(*asked.messages, *further))


async def _complete(
    run: TaskRun, step: Step, completion: Completion, acknowledge: Callable[[], Awaitable[None]]
) -> Completed:
    marks = await known_marks(run.tools.database)
    follower = AnswerFollower(run.tools.database, step)

    async def complete() -> Completed:
        return await run.tools.gateway.complete(step.request_id, completion, follower.hear, marks=marks)

    try:
        completed = await call_servant(complete, acknowledge)
    except ModelsFailedError as error:
        _record_attempts(run, step, error.attempts)
        raise
    _record_attempts(run, step, completed.attempts)
    if completed.rehearsal:
        await describe_task(run.tools.database, run.lease, rehearsal=True)
    return completed


def _record_attempts(run: TaskRun, step: Step, attempts: Sequence[Attempt]) -> None:
    content_hash = hash_content(run.tools.library)
    for attempt in attempts:
        step.record_call(ledger_row(attempt, content_hash))


def ledger_row(attempt: Attempt, content_hash: str) -> ModelCall:
    """The row of the ledger for an attempt; whose step it was is for the caller to say."""
    return ModelCall(
        model=attempt.model,
        outcome=attempt.outcome,
        input_tokens=attempt.input_tokens,
        output_tokens=attempt.output_tokens,
        cached_tokens=attempt.cached_tokens,
        cost_usd=attempt.cost_usd,
        duration_ms=attempt.duration_ms,
        error=attempt.error,
        content_hash=content_hash,
        prices_hash=attempt.prices_hash,
    )


def _tell(step: Step, question: Question[A], reply: Reply) -> None:
    if reply.refusals:
        step.record(Remarked(f"answer refused: {'; '.join(reply.refusals)}"[:2000], warning=True))
        return
    answer = question.answer.model_validate_json(reply.answer_json)
    for detail in question.tell(answer):
        step.record(detail)
    if isinstance(answer, SpeakingAnswer):
        say(step, question.speaker, answer.context, ends_team=question.ends_team(answer))
