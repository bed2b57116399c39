"""One question, from the chain of models to a valid answer or a failure that says what every model did."""

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import assert_never

from jsonschema import Draft202012Validator

from octrad.foundation.config import Config
from octrad.foundation.errors import ConfigurationError, InvalidRequestError
from octrad.foundation.settings import Settings
from octrad.gateway.calls import ASSISTANT, SYSTEM, USER, Attempt, Completed, Completion, Message, Outcome
from octrad.gateway.server.call_model import ModelCaller, ModelRequest, Reply
from octrad.gateway.server.chain import Ask, GiveUp, Tried, next_move
from octrad.gateway.server.classify_failure import Failure, ProviderError, classify
from octrad.gateway.server.local.append_local import append_local
from octrad.gateway.server.local.find_servers import LocalServers
from octrad.gateway.server.models_failed import models_failed
from octrad.gateway.server.prices import cost_of, facts_of, hash_prices
from octrad.gateway.server.provider_keys import ProviderKeys
from octrad.gateway.server.providers import Target, resolve_chain
from octrad.gateway.server.question_messages import with_repair, with_schema
from octrad.gateway.server.report_attempt import AttemptReport
from octrad.gateway.server.validate_answer import Invalid, Valid, compile_schema, validate

DEFAULT_OUTPUT_TOKENS = 16_384
NO_KEY_REASON = "key_file"
# Of what a provider says, as it is told and recorded.
ERROR_CHARACTERS = 1000


@dataclass(slots=True)
class _Conversation:
    """What has happened on the way to one answer."""

    # What was in effect when it began.
    config: Config
    request_id: str
    completion: Completion
    targets: tuple[Target, ...]
    validator: Draft202012Validator
    messages: tuple[Message, ...]
    attempts: list[Attempt] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)
    # The messages that ask the present model to repair its invalid answer.
    repair: tuple[Message, ...] = ()


class QuestionAnswerer:
    """Answers questions with the models of the configuration."""

    def __init__(self, settings: Settings, caller: ModelCaller, keys: ProviderKeys, local: LocalServers) -> None:
        self._settings = settings
        self._caller = caller
        self._keys = keys
        self._local = local
        self._slots = asyncio.Semaphore(settings.current.models.calls_at_once)
        self._refused: defaultdict[str, set[str]] = defaultdict(set)

    async def answer(self, request_id: str, completion: Completion, report: AttemptReport) -> Completed:
        """Asks along the chain until there is a valid answer.

        Args:
            request_id: goes to the provider with each request.
            completion: the question.
            report: called for each attempt as it ends.

        Raises:
            ModelsFailedWithAttemptsError: no model gave a valid answer.
            ConfigurationError: none can be asked; nothing was sent.
            InvalidRequestError: the question itself is wrong.
        """
        conversation = self._begin(request_id, completion, await self._config_for(completion))
        await self._caller.ready()
        while True:
            move = next_move(len(conversation.targets), conversation.tried, conversation.config.models.total_timeout_s)
            match move:
                case GiveUp():
                    raise self._failure(conversation, move)
                case Ask():
                    answer = await self._ask(conversation, move)
                case _:
                    assert_never(move)
            report(conversation.attempts[-1])
            if answer is not None:
                target = conversation.targets[move.hop]
                return Completed(answer.answer_json, target.name, target.rehearsal, tuple(conversation.attempts))

    async def _config_for(self, completion: Completion) -> Config:
        """What is configured, with what local servers have loaded behind it. Who names models means these."""
        config = self._settings.current
        if completion.chain or config.models.local_servers == "off":
            return config
        # While it is imported, nothing would answer within the time of a look.
        await self._caller.ready()
        return append_local(config, await self._local.find(config))

    def _begin(self, request_id: str, completion: Completion, config: Config) -> _Conversation:
        if not completion.messages:
            raise InvalidRequestError("a question without messages", field="messages")
        for message in completion.messages:
            if message.role not in {SYSTEM, USER, ASSISTANT}:
                raise InvalidRequestError(f"`{message.role}` is not a role of a message", field="messages")
        validator = compile_schema(completion.schema_json)
        targets = resolve_chain(config, completion.chain)
        messages = with_schema(completion.messages, completion.schema_json)
        return _Conversation(config, request_id, completion, targets, validator, messages)

    async def _ask(self, conversation: _Conversation, ask: Ask) -> Valid | None:
        """Makes one attempt and notes it; returns the answer if it is one."""
        target = conversation.targets[ask.hop]
        if ask.without:
            self._refused[target.name].add(ask.without)
        await asyncio.sleep(ask.wait_s)
        async with self._slots:
            started_at_ms = time.time_ns() // 1_000_000
            began = time.perf_counter()
            outcome = await self._request(conversation, target, repair=ask.repair)
            took_s = time.perf_counter() - began
        judged = self._judge(conversation, outcome)
        conversation.attempts.append(
            self._attempt(target, outcome, judged, took_ms=round(took_s * 1000), started_at_ms=started_at_ms)
        )
        if isinstance(judged, Valid):
            return judged
        conversation.tried.append(Tried(ask.hop, judged, ask.wait_s + took_s))
        return None

    async def _request(self, conversation: _Conversation, target: Target, *, repair: bool) -> Reply | Failure:
        try:
            key = self._keys.key_of(target)
        except ConfigurationError as error:
            return Failure(Outcome.AUTH, NO_KEY_REASON, error.message)
        completion, config = conversation.completion, conversation.config
        spent_s = sum(tried.took_s for tried in conversation.tried)
        timeout_s = completion.timeout_s or config.models.timeout_s
        request = ModelRequest(
            target=target,
            key=key,
            request_id=conversation.request_id,
            question=completion.question,
            messages=conversation.repair if repair else conversation.messages,
            schema_json=completion.schema_json,
            max_output_tokens=output_tokens(target, completion.max_output_tokens, config),
            timeout_s=min(timeout_s, max(0.001, config.models.total_timeout_s - spent_s)),
            without=frozenset(self._refused[target.name]),
        )
        outcome = await self._caller.call(request)
        return self._meaning(target, outcome) if isinstance(outcome, ProviderError) else outcome

    def _meaning(self, target: Target, error: ProviderError) -> Failure:
        failure = classify(error, datetime.now(UTC))
        if failure.reason == "unreachable":
            return replace(failure, error=f"cannot reach {target.base_url or target.provider}: {error.cause}")
        return failure

    def _judge(self, conversation: _Conversation, outcome: Reply | Failure) -> Valid | Failure:
        if isinstance(outcome, Failure):
            # Before it is cut: of a key that is cut in two nobody would know that it was one.
            return replace(outcome, error=self._keys.strike_out(outcome.error)[:ERROR_CHARACTERS])
        verdict = validate(outcome.said, conversation.validator)
        if isinstance(verdict, Invalid):
            conversation.repair = with_repair(conversation.messages, outcome.said.text or "", verdict.fault)
            return Failure(Outcome.HALLUCINATION, verdict.reason, self._keys.strike_out(verdict.fault))
        return Valid(self._keys.strike_out(verdict.answer_json))

    def _attempt(
        self,
        target: Target,
        outcome: Reply | Failure,
        judged: Valid | Failure,
        *,
        took_ms: int,
        started_at_ms: int,
    ) -> Attempt:
        reply = outcome if isinstance(outcome, Reply) else None
        failure = judged if isinstance(judged, Failure) else None
        return Attempt(
            model=target.name,
            outcome=Outcome.OK if failure is None else failure.outcome,
            reason="" if failure is None else failure.reason,
            error="" if failure is None else failure.error,
            input_tokens=0 if reply is None else reply.input_tokens,
            output_tokens=0 if reply is None else reply.output_tokens,
            cached_tokens=0 if reply is None else reply.cached_tokens,
            cost_usd=None if reply is None else self._cost(target, reply),
            duration_ms=took_ms,
            started_at_ms=started_at_ms,
            prices_hash=hash_prices(self._settings.current.models.prices_usd_per_million),
        )

    def _cost(self, target: Target, reply: Reply) -> float | None:
        prices = self._settings.current.models.prices_usd_per_million
        return cost_of(target, prices, tokens=(reply.input_tokens, reply.output_tokens), reported_usd=reply.cost_usd)

    def _failure(self, conversation: _Conversation, give_up: GiveUp) -> Exception:
        failures = [tried.failure for tried in conversation.tried]
        if all(failure.reason == NO_KEY_REASON for failure in failures):
            faults = "; ".join(failure.error for failure in failures)
            return ConfigurationError(faults, hint="name a file that holds the key and that the gateway can read")
        return models_failed(conversation.completion.question, conversation.targets, conversation.attempts, give_up)


def output_tokens(target: Target, asked: int, config: Config) -> int:
    """How long an answer may become: what was asked for, 0 for the default, as far as the model can."""
    wanted = asked or DEFAULT_OUTPUT_TOKENS
    most = facts_of(target, config.models.prices_usd_per_million).output_tokens
    return min(wanted, most) if most else wanted
