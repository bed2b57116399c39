"""Judges the models of a chain for a work before anything of it is asked. Sends providers nothing but a probe."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

from octrad.foundation.config import Config
from octrad.foundation.errors import ConfigurationError
from octrad.foundation.settings import Settings
from octrad.gateway.audits import Audit, AuditedModel, CountedQuestion, Probed
from octrad.gateway.calls import Completion, Message
from octrad.gateway.server.answer_question import output_tokens
from octrad.gateway.server.count_tokens import Tokenizer, count_tokens, tokenizer_of
from octrad.gateway.server.list_models import describe_target
from octrad.gateway.server.load_litellm import LazyLiteLLM
from octrad.gateway.server.local.append_local import append_local
from octrad.gateway.server.local.find_servers import LocalServers
from octrad.gateway.server.price_table import describe_prices
from octrad.gateway.server.probe_keys import KeyProbes
from octrad.gateway.server.provider_keys import ProviderKeys
from octrad.gateway.server.providers import Target, resolve_chain
from octrad.gateway.server.question_messages import with_schema
from octrad.gateway.server.validate_answer import compile_schema
from octrad.gateway.server.viability import Situation, judge_model


@dataclass(frozen=True, slots=True)
class _Counted:
    """How long the questions are for one model."""

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
    ) -> None:
        self._local = local
        self._settings = settings
        self._litellm = litellm
        self._keys = keys
        self._probes = probes

    async def audit(self, audit: Audit) -> tuple[AuditedModel, ...]:
        """Judges each model of the chain, in order.

        Raises:
            ConfigurationError: there is no chain, or a name in it belongs to no provider: nothing of it would be asked.
            InvalidRequestError: a question's schema is none.
        """
        config = self._settings.current
        config = append_local(config, await self._local.find(config))
        targets = resolve_chain(config, audit.chain)
        asked = [_as_asked(question) for question in audit.questions]
        litellm = await self._litellm.module()
        # Tens of milliseconds of a long prompt, and the first time a file of megabytes.
        counted = await asyncio.to_thread(_count, litellm, targets, asked)
        probed = await self._probe(targets) if audit.probe else {}
        return await asyncio.to_thread(self._judge, config, audit, targets, counted, probed)

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
        targets: Sequence[Target],
        counted: Sequence[_Counted],
        probed: dict[str, Probed],
    ) -> tuple[AuditedModel, ...]:
        return tuple(
            self._judge_one(config, audit, target, one, probed.get(target.provider))
            for target, one in zip(targets, counted, strict=True)
        )

    def _judge_one(
        self, config: Config, audit: Audit, target: Target, counted: _Counted, probed: Probed | None
    ) -> AuditedModel:
        model = describe_target(config, self._keys, target)
        # What the questions of the pipeline leave: none of them asks for more or less than the default.
        left = output_tokens(target, 0, config)
        situation = Situation(target.name, model.detail, model.context_tokens, left, counted.questions, probed)
        verdict = judge_model(situation, audit.may_come_up)
        return AuditedModel(
            model=model,
            hindrances=verdict.hindrances,
            remarks=verdict.remarks,
            questions=counted.questions,
            output_tokens=left,
            approximate=counted.tokenizer.approximate,
            prices_from=describe_prices(model, config.models.prices_usd_per_million),
            probed=probed,
        )


def _as_asked(question: Completion) -> tuple[str, tuple[Message, ...]]:
    compile_schema(question.schema_json)
    return question.question, with_schema(question.messages, question.schema_json)


def _count(
    litellm: ModuleType, targets: Sequence[Target], asked: Sequence[tuple[str, tuple[Message, ...]]]
) -> list[_Counted]:
    by_tokenizer: dict[str, tuple[CountedQuestion, ...]] = {}
    counted: list[_Counted] = []
    for target in targets:
        tokenizer = tokenizer_of(target)
        if tokenizer.counts_as not in by_tokenizer:
            by_tokenizer[tokenizer.counts_as] = tuple(
                CountedQuestion(name, count_tokens(litellm, tokenizer.counts_as, messages)) for name, messages in asked
            )
        counted.append(_Counted(tokenizer, by_tokenizer[tokenizer.counts_as]))
    return counted
