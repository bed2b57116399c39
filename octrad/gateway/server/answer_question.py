"""One question, from the chain of models to a valid answer or a failure that says what every model did."""

import asyncio
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import assert_never

from jsonschema import Draft202012Validator
from pydantic import SecretStr

from octrad.foundation.config import Config
from octrad.foundation.errors import ConfigurationError, InvalidRequestError
from octrad.foundation.settings import Settings
from octrad.gateway.calls import (
    ASSISTANT,
    SYSTEM,
    USER,
    Attempt,
    Completed,
    Completion,
    Mark,
    Message,
    Outcome,
    Writing,
)
from octrad.gateway.server.call_model import ModelCaller, ModelRequest, Reply
from octrad.gateway.server.chain import Ask, Bounds, GiveUp, Hop, Reason, Tried, Wait, ask_again, next_hop
from octrad.gateway.server.classify_failure import Failure, ProviderError, classify
from octrad.gateway.server.health_board import HealthBoard
from octrad.gateway.server.local.append_local import append_local
from octrad.gateway.server.local.find_servers import LocalServers
from octrad.gateway.server.models_failed import Walk, models_failed
from octrad.gateway.server.prices import cost_of, facts_of, hash_prices
from octrad.gateway.server.provider_keys import ProviderKeys
from octrad.gateway.server.provider_places import ProviderPlaces
from octrad.gateway.server.providers import Target, key_of_chain, resolve_chain
from octrad.gateway.server.question_messages import with_repair, with_schema
from octrad.gateway.server.report_attempt import ProgressReport
from octrad.gateway.server.stream_answer import Listener
from octrad.gateway.server.validate_answer import Invalid, Valid, compile_schema, validate

DEFAULT_OUTPUT_TOKENS = 16_384
NO_KEY_REASON = "key_file"
# Of what a provider says, as it is told and recorded.
ERROR_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class _Moment:
    """When a request began: for the ledger, and to measure from."""

    unix_ms: int
    counter: float


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
    bounds: Bounds
    tell: ProgressReport
    attempts: list[Attempt] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)
    # The messages that ask the present model to repair its invalid answer.
    repair: tuple[Message, ...] = ()


class QuestionAnswerer:
    """Answers questions with the models of the configuration."""

    def __init__(
        self,
        settings: Settings,
        caller: ModelCaller,
        keys: ProviderKeys,
        local: LocalServers,
        board: HealthBoard,
        places: ProviderPlaces,
    ) -> None:
        self._settings = settings
        self._caller = caller
        self._keys = keys
        self._local = local
        self._board = board
        self._places = places
        self._refused: defaultdict[str, set[str]] = defaultdict(set)

    async def answer(self, request_id: str, completion: Completion, tell: ProgressReport) -> Completed:
        """Asks along the chain until there is a valid answer.

        Args:
            request_id: goes to the provider with each request.
            completion: the question.
            tell: called for each attempt that failed or changed what is known of its provider, as it ends, and now and
                then while a long answer comes.

        Raises:
            ModelsFailedWithAttemptsError: no model gave a valid answer.
            ConfigurationError: none can be asked; nothing was sent.
            InvalidRequestError: the question itself is wrong.
        """
        conversation = self._begin(request_id, completion, await self._config_for(completion), tell)
        await self._caller.ready()
        # What came before counts for none of the timeouts.
        conversation.bounds = _bounds(conversation.config)
        while True:
            move = next_hop(self._hops(conversation), conversation.tried, time.time(), conversation.bounds)
            match move:
                case GiveUp():
                    raise self._failure(conversation, move)
                case Wait(until):
                    await asyncio.sleep(max(0.0, until - time.time()))
                case Ask():
                    answer = await self._ask(conversation, move)
                    if answer is not None:
                        target = conversation.targets[move.hop]
                        attempts = tuple(conversation.attempts)
                        return Completed(answer.answer_json, target.name, target.rehearsal, attempts)
                case _:
                    assert_never(move)

    async def _config_for(self, completion: Completion) -> Config:
        """What is configured, with what local servers have loaded behind it. Who names models means these."""
        config = self._settings.current
        if completion.chain or config.models.local_servers == "off":
            return config
        # While it is imported, nothing would answer within the time of a look.
        await self._caller.ready()
        return append_local(config, await self._local.find(config))

    def _begin(self, request_id: str, completion: Completion, config: Config, tell: ProgressReport) -> _Conversation:
        if not completion.messages:
            raise InvalidRequestError("a question without messages", field="messages")
        for message in completion.messages:
            if message.role not in {SYSTEM, USER, ASSISTANT}:
                raise InvalidRequestError(f"`{message.role}` is not a role of a message", field="messages")
        validator = compile_schema(completion.schema_json)
        targets = resolve_chain(config, completion.chain, completion.role)
        messages = with_schema(completion.messages, completion.schema_json)
        return _Conversation(
            config, request_id, completion, targets, validator, messages, bounds=_bounds(config), tell=tell
        )

    def _hops(self, conversation: _Conversation) -> list[Hop]:
        prices = conversation.config.models.prices_usd_per_million
        return [
            Hop(facts_of(target, prices).context_tokens, self._board.mark_of(target)) for target in conversation.targets
        ]

    async def _ask(self, conversation: _Conversation, ask: Ask) -> Valid | None:
        """Makes one attempt, where its provider still takes one, and notes it; returns the answer if it is one."""
        target = conversation.targets[ask.hop]
        was_marked = self._board.mark_of(target) is not None
        if ask.without:
            self._refused[target.name].add(ask.without)
        await asyncio.sleep(ask.wait_s)
        try:
            key = self._keys.key_of(target)
        except ConfigurationError as error:
            failure = Failure(Outcome.AUTH, NO_KEY_REASON, error.message)
            self._note_attempt(conversation, ask, failure, failure, began=_now())
            return None
        async with AsyncExitStack() as stack:
            await self._enter(stack, conversation, target)
            if self._board.mark_of(target) is not None and not was_marked:
                return None  # others found out in the meantime: the next move will know
            began = _now()
            with self._board.request(target):
                outcome = await self._request(conversation, target, key, repair=ask.repair)
        judged = self._judge(conversation, outcome)
        self._note_attempt(conversation, ask, outcome, judged, began=began)
        return judged if isinstance(judged, Valid) else None

    async def _enter(self, stack: AsyncExitStack, conversation: _Conversation, target: Target) -> None:
        """Waits for a place, as long as there is time for the answer."""
        provider = conversation.config.providers[target.provider]
        try:
            async with asyncio.timeout(conversation.bounds.deadline - time.time()):
                await stack.enter_async_context(self._places.place(target.provider, provider))
        except TimeoutError:
            raise self._failure(conversation, GiveUp(Reason.NO_PLACE)) from None

    def _note_attempt(
        self,
        conversation: _Conversation,
        ask: Ask,
        outcome: Reply | Failure,
        judged: Valid | Failure,
        *,
        began: _Moment,
    ) -> None:
        target = conversation.targets[ask.hop]
        mark = None
        if isinstance(judged, Valid):
            mark = self._board.note_answer(target)
        else:
            conversation.tried.append(Tried(ask.hop, judged, ask.again))
            if judged.reason != NO_KEY_REASON:  # else nobody was asked
                hops = self._hops(conversation)
                again = ask_again(hops, conversation.tried, time.time(), conversation.bounds)
                mark = self._board.note_failure(target, judged, left=again is None)
        attempt = self._attempt(target, outcome, judged, mark, began=began)
        conversation.attempts.append(attempt)
        # One that brings the answer, and changes nothing besides, goes with it a moment later.
        if mark is not None or not isinstance(judged, Valid):
            conversation.tell(attempt)

    async def _request(
        self, conversation: _Conversation, target: Target, key: SecretStr, *, repair: bool
    ) -> Reply | Failure:
        completion, models = conversation.completion, conversation.config.models
        within_s = max(0.001, conversation.bounds.deadline - time.time())
        timeout_s = completion.timeout_s or (models.long_timeout_s if completion.long else models.timeout_s)
        request = ModelRequest(
            target=target,
            key=key,
            request_id=conversation.request_id,
            question=completion.question,
            messages=conversation.repair if repair else conversation.messages,
            schema_json=completion.schema_json,
            max_output_tokens=output_tokens(target, completion.max_output_tokens, conversation.config),
            timeout_s=min(timeout_s, within_s),
            within_s=within_s,
            without=frozenset(self._refused[target.name]),
            tell=_tell_writing(conversation, target) if completion.long else None,
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
        mark: Mark | None,
        *,
        began: _Moment,
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
            duration_ms=round((time.perf_counter() - began.counter) * 1000),
            started_at_ms=began.unix_ms,
            prices_hash=hash_prices(self._settings.current.models.prices_usd_per_million),
            mark=mark,
        )

    def _cost(self, target: Target, reply: Reply) -> float | None:
        prices = self._settings.current.models.prices_usd_per_million
        return cost_of(target, prices, tokens=(reply.input_tokens, reply.output_tokens), reported_usd=reply.cost_usd)

    def _failure(self, conversation: _Conversation, give_up: GiveUp) -> Exception:
        failures = [tried.failure for tried in conversation.tried]
        if failures and all(failure.reason == NO_KEY_REASON for failure in failures):
            faults = "; ".join(failure.error for failure in failures)
            return ConfigurationError(faults, hint="name a file that holds the key and that the gateway can read")
        completion = conversation.completion
        key = key_of_chain(conversation.config, completion.chain, completion.role)
        walk = Walk(conversation.targets, self._hops(conversation), conversation.attempts, key)
        return models_failed(completion.question, walk, give_up, time.time())


def _now() -> _Moment:
    return _Moment(time.time_ns() // 1_000_000, time.perf_counter())


def _bounds(config: Config) -> Bounds:
    return Bounds(time.time() + config.models.total_timeout_s, config.models.hops)


def _tell_writing(conversation: _Conversation, target: Target) -> Listener:
    return lambda characters: conversation.tell(Writing(target.name, characters))


def output_tokens(target: Target, asked: int, config: Config) -> int:
    """How long an answer may become: what was asked for, 0 for the default, as far as the model can."""
    wanted = asked or DEFAULT_OUTPUT_TOKENS
    most = facts_of(target, config.models.prices_usd_per_million).output_tokens
    return min(wanted, most) if most else wanted
