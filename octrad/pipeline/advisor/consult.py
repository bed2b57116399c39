"""Asks the advisor about a task, whatever state it is in: with a question through the gateway, without one for nothing.

A question is asked at most once for its request id. It belongs to no run and needs no lease: once begun it is brought
to its end and recorded also when nobody waits for the answer any more, because it is paid for. Where octrad itself is
killed in between, the gateway keeps the answer for whoever asks again with the same id.
"""

import asyncio
import hashlib
import logging
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pydantic import ValidationError

from octrad.foundation.errors import ConflictError, OctraError
from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Database
from octrad.foundation.settings import Settings
from octrad.gateway.calls import Attempt, Completed, Completion, Message, ModelsFailedError
from octrad.gateway.client import GatewayClient
from octrad.knowledge.library_in_use import LibraryInUse
from octrad.pipeline import step_names
from octrad.pipeline.advisor.advise import advise
from octrad.pipeline.advisor.clean_text import clean_block
from octrad.pipeline.advisor.situation import Situation
from octrad.pipeline.questions.answer_schema import answer_schema
from octrad.pipeline.questions.answers import ConsultAnswer
from octrad.pipeline.questions.ask import Reply, ledger_row
from octrad.pipeline.questions.content_hash import hash_content
from octrad.pipeline.questions.prompts import load_prompt, render
from octrad.pipeline.questions.question_roles import role_of
from octrad.pipeline.servants import call_servant
from octrad.tasks.budget import Budget, Subject, budgets_of
from octrad.tasks.consultation import Consultation, record_consultation
from octrad.tasks.explain_task import explain_task
from octrad.tasks.hold_to_budgets import hold_to_budgets
from octrad.tasks.machine import RETRYABLE
from octrad.tasks.quota import Quota
from octrad.tasks.recorded_result import recorded_result
from octrad.tasks.request_ids import RequestIdReusedError
from octrad.tasks.task import Role, Task
from octrad.tasks.transition import Advice
from octrad.tasks.usage import hold_to_cost_quota

logger = logging.getLogger(__name__)

_PLAN_ROUNDS = 10
_PLAN_CHARACTERS = 8000
_REQUEST_CHARACTERS = 8000


class NoAnswerError(ConflictError):
    """No model gave an answer to a person's question."""

    code = "no_answer"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question of a person's.

    Args:
        question: in plain words.
        chain: models to ask, in order; empty means the configured ones.
        request_id: asking again with the same one asks no model again; empty where that is not wanted.
        uid: who asks.
        quota: what they may use.
    """

    question: str
    chain: tuple[str, ...]
    request_id: str
    uid: int
    quota: Quota


class Advisor:
    """Answers for any task.

    Args:
        database: the truth.
        gateway: where models are asked.
        settings: where the playbooks of the user's are.
        library: stamped on the calls in the ledger.
    """

    def __init__(self, database: Database, gateway: GatewayClient, settings: Settings, library: LibraryInUse) -> None:
        self._database = database
        self._gateway = gateway
        self._settings = settings
        self._library = library
        self._under_way: dict[str, asyncio.Task[Consultation]] = {}

    async def advise(self, task: Task) -> Advice:
        """What to do about the task now: the note of one that failed, made anew; of others, what they wait for."""
        if task.state not in RETRYABLE:
            config = self._settings.current
            explained = await explain_task(self._database, task.id, tasks_at_once=config.limits.tasks_at_once)
            return Advice(explained.answer, explained.next_command)
        situation = await self._situation(task)
        if situation is None:
            # It was given up, cancelled before any work, or ended by an octrad that recorded none: its note is all.
            return Advice(task.note, task.next_command)
        return await advise(situation, self._gateway, self._settings.current.advisor.playbooks_dir)

    async def consult(self, task: Task, inquiry: Inquiry) -> Consultation:
        """What a model answers to a person's question about the task.

        Raises:
            NoAnswerError: no model gave one; this too is recorded, and asking again with the same id says the same.
            RequestIdReusedError: the request id belongs to another question.
            QuotaExceededError: the user has spent what they may.
            BudgetReachedError: a budget of the task is used up.
            ConfigurationError: no model can be asked; nothing was sent.
            UnavailableError: the gateway or the database is away.
        """
        step = step_names.consulted(_key(inquiry))
        consultation = await recorded_result(self._database, task.id, step, Consultation)
        if consultation is None:
            await hold_to_cost_quota(self._database, inquiry.uid, inquiry.quota)
            await hold_to_budgets(self._database, self._budgets(task))
            consultation = await asyncio.shield(self._begin(task, step, inquiry))
        if consultation.question != inquiry.question:
            raise RequestIdReusedError(inquiry.request_id)
        if not consultation.answer:
            raise NoAnswerError(consultation.failure, hint=consultation.hint)
        return consultation

    def _budgets(self, task: Task) -> tuple[Budget, ...]:
        return budgets_of(Subject.of(task), self._settings.current.budgets, datetime.now(UTC))

    def _begin(self, task: Task, step: str, inquiry: Inquiry) -> "asyncio.Task[Consultation]":
        """The one asking of this step that is under way."""
        name = f"{task.id}/{step}"
        if name not in self._under_way:
            asking = asyncio.create_task(self._ask_and_record(task, step, inquiry), name=f"consult {name}")
            self._under_way[name] = asking
            asking.add_done_callback(lambda ended: self._end(name, ended))
        return self._under_way[name]

    def _end(self, name: str, ended: "asyncio.Task[Consultation]") -> None:
        del self._under_way[name]
        # Looked at here, because whoever asked may be gone.
        if not ended.cancelled() and (error := ended.exception()) is not None:
            logger.info("a question was not answered: %s", error.code if isinstance(error, OctraError) else error)

    async def _ask_and_record(self, task: Task, step: str, inquiry: Inquiry) -> Consultation:
        call_id = f"{task.id}/{step}/#1"
        completion = await self._completion(task, inquiry)

        async def acknowledge() -> None:
            await self._gateway.acknowledge(call_id)

        try:
            completed = await call_servant(lambda: self._gateway.complete(call_id, completion), acknowledge)
        except ModelsFailedError as error:
            consultation = Consultation(inquiry.question, failure=error.message, hint=error.hint)
            attempts = error.attempts
        else:
            consultation, attempts = _judge(inquiry.question, completed), completed.attempts
        await self._record(task.id, step, consultation, attempts)
        await acknowledge()
        return consultation

    async def _record(
        self, task_id: TaskId, step: str, consultation: Consultation, attempts: tuple[Attempt, ...]
    ) -> None:
        now, content_hash = datetime.now(UTC), hash_content(self._library.current)
        calls = [
            replace(ledger_row(attempt, content_hash), step=step, role=Role.ADVISOR, at=now) for attempt in attempts
        ]
        await record_consultation(self._database, task_id, step, consultation, calls)

    async def _completion(self, task: Task, inquiry: Inquiry) -> Completion:
        advice, situation = await self.advise(task), await self._situation(task)
        values = {
            "request": task.request[:_REQUEST_CHARACTERS],
            "plan": await self._plan(task.id),
            "standing": f"State: {task.state}\n{advice.note}\nNext step: {advice.next_command}",
            "output": situation.output if situation and situation.output else "none",
            "question": inquiry.question,
        }
        rendered = render(load_prompt("consult"), values)
        messages = (Message("system", rendered.system), Message("user", rendered.user))
        schema = answer_schema(ConsultAnswer)
        return Completion("advise", messages, schema, inquiry.chain, role=role_of("advise"))

    async def _situation(self, task: Task) -> Situation | None:
        try:
            return await recorded_result(self._database, task.id, step_names.advised(task.run), Situation)
        except ValidationError:
            # Another version recorded it.
            return None

    async def _plan(self, task_id: TaskId) -> str:
        """The answer that became the plan, as it was given."""
        for round_number in range(1, _PLAN_ROUNDS):
            step = step_names.rounds(step_names.PLAN)(round_number)
            reply = await recorded_result(self._database, task_id, step, Reply)
            if reply is None:
                break
            if not reply.refusals:
                return reply.answer_json[:_PLAN_CHARACTERS]
        return "none yet"


def _key(inquiry: Inquiry) -> str:
    """Names the question by who asks and under which id; without an id, by chance."""
    request_id = inquiry.request_id or secrets.token_hex(16)
    return hashlib.sha256(f"{inquiry.uid} {request_id}".encode()).hexdigest()[:12]


def _judge(question: str, completed: Completed) -> Consultation:
    """The answer, cleaned; what has not the form of one is a failure that is not asked again."""
    try:
        answer = clean_block(ConsultAnswer.model_validate_json(completed.answer_json).answer).strip()
    except ValidationError as error:
        return Consultation(question, failure=f"{completed.model} answered with {error.errors()[0]['msg'].lower()}")
    if not answer:
        return Consultation(question, failure=f"{completed.model} answered with nothing that can be read")
    return Consultation(question, answer, completed.model, completed.rehearsal)
