"""Audits and what is known of models as messages of the inner protocol."""

from collections.abc import Sequence

from octra_proto.gateway.v1 import gateway_pb2 as pb
from octrad.gateway.audits import Audit, AuditedChain, AuditedModel, Probed, RateLimit
from octrad.gateway.calls import Model
from octrad.gateway.server.report_attempt import read_completion


def read_audit(message: pb.AuditRequest) -> Audit:
    """Returns the audit of a request."""
    return Audit(
        chain=tuple(message.chain),
        questions=tuple(read_completion(question) for question in message.questions),
        probe=message.probe,
        may_come_up=frozenset(message.may_come_up),
    )


def audit_response(chains: Sequence[AuditedChain]) -> pb.AuditResponse:
    """Returns the judgement of each chain."""
    return pb.AuditResponse(chains=[_chain_message(chain) for chain in chains])


def model_message(model: Model) -> pb.Model:
    """Returns what is known of one model."""
    return pb.Model(
        name=model.name,
        provider=model.provider,
        available=model.available,
        detail=model.detail,
        context_tokens=model.context_tokens,
        input_usd_per_million=model.input_usd_per_million,
        output_usd_per_million=model.output_usd_per_million,
        rehearsal=model.rehearsal,
        output_tokens=model.output_tokens,
        found_at=model.found_at,
        chains=model.chains,
    )


def _chain_message(chain: AuditedChain) -> pb.AuditedChain:
    return pb.AuditedChain(
        roles=[role.value for role in chain.roles],
        keys=chain.keys,
        models=[_audited_message(model) for model in chain.models],
    )


def _audited_message(audited: AuditedModel) -> pb.AuditedModel:
    return pb.AuditedModel(
        model=model_message(audited.model),
        hindrances=[pb.Hindrance(outcome=one.outcome.value, words=one.words) for one in audited.hindrances],
        remarks=audited.remarks,
        questions=[
            pb.CountedQuestion(question=one.question, input_tokens=one.input_tokens) for one in audited.questions
        ],
        approximate=audited.approximate,
        prices_from=audited.prices_from,
        probed=None if audited.probed is None else _probed_message(audited.probed),
        passed_over=audited.passed_over,
    )


def _probed_message(probed: Probed) -> pb.Probed:
    return pb.Probed(
        model=probed.model,
        outcome=probed.outcome.value,
        error=probed.error,
        at_ms=probed.at_ms,
        earlier=probed.earlier,
        limits=[_limit_message(limit) for limit in probed.limits],
    )


def _limit_message(limit: RateLimit) -> pb.RateLimit:
    return pb.RateLimit(name=limit.name, limit=limit.limit, remaining=limit.remaining, resets_in_s=limit.resets_in_s)
