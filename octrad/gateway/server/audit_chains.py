"""Judges the models of chains for a work before anything of it is asked. Sends providers nothing but a probe.

Each distinct chain is judged once, by the questions that would be put to it; each provider is tried once, however many
chains name it.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

from octrad.foundation.config import Config
from octrad.foundation.errors import ConfigurationError
from octrad.foundation.settings import Settings
from octrad.gateway.audits import Audit, AuditedChain, AuditedModel, CountedQuestion, Probed
from octrad.gateway.calls import Completion, Message, ModelRole
from octrad.gateway.server.count_tokens import Tokenizer, count_tokens, tokenizer_of
from octrad.gateway.server.describe_mark import describe_mark
from octrad.gateway.server.health_board import HealthBoard
from octrad.gateway.server.list_models import describe_target
from octrad.gateway.server.load_litellm import LazyLiteLLM
from octrad.gateway.server.local.append_local import append_local
from octrad.gateway.server.local.find_servers import LocalServers
from octrad.gateway.server.price_table import describe_prices
from octrad.gateway.server.probe_keys import KeyProbes
from octrad.gateway.server.provider_keys import ProviderKeys
from octrad.gateway.server.providers import Target, key_of_chain, resolve_chain
from octrad.gateway.server.question_messages import with_schema
from octrad.gateway.server.validate_answer import compile_schema
from octrad.gateway.server.viability import Situation, judge_model


@dataclass(frozen=True, slots=True)
class _Question:
    """One question as it would be sent, and by which role."""

    name: str
    role: ModelRole | None
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class _Chain:
    """A chain, where it stands, and what would be put to it."""

    targets: tuple[Target, ...]
    keys: tuple[str, ...]
    questions: tuple[_Question, ...]

    @property
    def roles(self) -> tuple[ModelRole, ...]:
        """Who asks it."""
        return tuple(dict.fromkeys(question.role for question in self.questions if question.role is not None))


@dataclass(frozen=True, slots=True)
class _Counted:
    """How long the questions of a chain are for one model."""

    tokenizer: Tokenizer
    questions: tuple[CountedQuestion, ...]


class ChainAuditor:
    """Audits chains by the configuration that is in effect."""

    def __init__(
        self,
        settings: Settings,
        litellm: LazyLiteLLM,
        keys: ProviderKeys,
        probes: KeyProbes,
        local: LocalServers,
        board: HealthBoard,
    ) -> None:
        self._local = local
        self._board = board
        self._settings = settings
        self._litellm = litellm
        self._keys = keys
        self._probes = probes

    async def audit(self, audit: Audit) -> tuple[AuditedChain, ...]:
        """Judges each distinct chain, in the order of the questions.

        Raises:
            ConfigurationError: there is no chain, or a name in one belongs to no provider: it would not be asked.
            InvalidRequestError: a question's schema is none.
        """
        config = self._settings.current
        config = append_local(config, await self._local.find(config))
        chains = _group(config, audit)
        litellm = await self._litellm.module()
        # Tens of milliseconds of a long prompt, and the first time a file of megabytes.
        counted = await asyncio.to_thread(_count, litellm, chains)
        probed = await self._probe([target for chain in chains for target in chain.targets]) if audit.probe else {}
        return await asyncio.to_thread(self._judge, config, audit, chains, counted, probed)

    async def _probe(self, targets: Sequence[Target]) -> dict[str, Probed]:
        """What each provider says to its key, by the first of its models; one without a key grants it no limits."""
        first_of = {target.provider: target for target in reversed(targets) if target.key_file is not None}
        answers = await asyncio.gather(*(self._try_key(target) for target in first_of.values()))
        return {name: answer for name, answer in zip(first_of, answers, strict=True) if answer is not None}

    async def _try_key(self, target: Target) -> Probed | None:
        try:
            key = await asyncio.to_thread(self._keys.key_of, target)
        except ConfigurationError:
            return None  # the judgement names it
        return await self._probes.probe(target, key)

    def _judge(
        self,
        config: Config,
        audit: Audit,
        chains: Sequence[_Chain],
        counted: Sequence[Sequence[_Counted]],
        probed: Mapping[str, Probed],
    ) -> tuple[AuditedChain, ...]:
        return tuple(
            AuditedChain(
                roles=chain.roles,
                keys=chain.keys,
                models=tuple(
                    self._judge_one(config, audit, target, one, probed.get(target.provider))
                    for target, one in zip(chain.targets, lengths, strict=True)
                ),
            )
            for chain, lengths in zip(chains, counted, strict=True)
        )

    def _judge_one(
        self, config: Config, audit: Audit, target: Target, counted: _Counted, probed: Probed | None
    ) -> AuditedModel:
        model, mark = describe_target(config, self._keys, target), self._board.mark_of(target)
        situation = Situation(
            target.name,
            key_fault=model.detail,
            context_tokens=model.context_tokens,
            output_tokens=model.output_tokens,
            questions=counted.questions,
            probed=probed,
            mark="" if mark is None else describe_mark(mark, target, time.time()),
        )
        verdict = judge_model(situation, audit.may_come_up)
        return AuditedModel(
            model=model,
            hindrances=verdict.hindrances,
            remarks=verdict.remarks,
            questions=counted.questions,
            approximate=counted.tokenizer.approximate,
            prices_from=describe_prices(model, config.models.prices_usd_per_million),
            probed=probed,
            passed_over=verdict.passed_over,
        )


def _group(config: Config, audit: Audit) -> list[_Chain]:
    """Each distinct chain once, with what would be put to it."""
    asked: dict[tuple[Target, ...], list[_Question]] = {}
    keys: dict[tuple[Target, ...], dict[str, None]] = {}
    for question in audit.questions:
        targets = resolve_chain(config, audit.chain, question.role)
        asked.setdefault(targets, []).append(_as_asked(question))
        keys.setdefault(targets, {})[key_of_chain(config, audit.chain, question.role)] = None
    return [_Chain(targets, tuple(keys[targets]), tuple(questions)) for targets, questions in asked.items()]


def _as_asked(question: Completion) -> _Question:
    compile_schema(question.schema_json)
    return _Question(question.question, question.role, with_schema(question.messages, question.schema_json))


def _count(litellm: ModuleType, chains: Sequence[_Chain]) -> list[list[_Counted]]:
    """For each chain and each of its models. What several count with one tokenizer is counted once."""
    known: dict[tuple[str, _Question], int] = {}

    def count(tokenizer: Tokenizer, question: _Question) -> CountedQuestion:
        place = (tokenizer.counts_as, question)
        if place not in known:
            known[place] = count_tokens(litellm, tokenizer.counts_as, question.messages)
        return CountedQuestion(question.name, known[place])

    def count_all(target: Target, questions: Sequence[_Question]) -> _Counted:
        tokenizer = tokenizer_of(target)
        return _Counted(tokenizer, tuple(count(tokenizer, question) for question in questions))

    return [[count_all(target, chain.questions) for target in chain.targets] for chain in chains]
