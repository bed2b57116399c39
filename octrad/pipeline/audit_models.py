"""Which models of a chain can do a work, in which order they would be asked, and what each would cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from octrad.foundation.config import Limits
from octrad.gateway.audits import Audit, AuditedModel
from octrad.gateway.client import GatewayClient
from octrad.knowledge.guides import Guide
from octrad.knowledge.stacks import Stack
from octrad.pipeline.audit_questions import LATER_WORK, Work, first_questions
from octrad.pipeline.expected_cost import cost_usd, count_calls, fewest_calls, most_calls


@dataclass(frozen=True, slots=True)
class Auditor:
    """What an audit works with."""

    gateway: GatewayClient
    stacks: Mapping[str, Stack]
    guides: Mapping[str, Guide]
    limits: Limits


@dataclass(frozen=True, slots=True)
class ModelReport:
    """One model of the chain. `rank` is its place among those that would be asked, from 1; 0 means that it is skipped.

    The costs are those of a whole task with this model alone; None where it has no price.
    """

    audited: AuditedModel
    rank: int
    least_usd: float | None
    most_usd: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """A chain, in order, and how many calls a task makes at best and at most."""

    models: tuple[ModelReport, ...]
    fewest_calls: int
    most_calls: int


async def audit_models(auditor: Auditor, work: Work, chain: tuple[str, ...], *, probe: bool) -> Report:
    """Audits a chain; an empty one means the configured.

    Raises:
        ConfigurationError: there is no chain, or a name in it belongs to no provider.
        UnavailableError: the gateway cannot be reached.
    """
    questions = first_questions(work, auditor.stacks, auditor.guides)
    audit = Audit(chain, questions, probe, may_come_up=frozenset({LATER_WORK}))
    audited = await auditor.gateway.audit(audit)
    fewest, most = fewest_calls(), most_calls(auditor.limits)
    places = accumulate(int(one.viable) for one in audited)
    models = tuple(
        ModelReport(one, place if one.viable else 0, cost_usd(fewest, one), cost_usd(most, one))
        for one, place in zip(audited, places, strict=True)
    )
    return Report(models, count_calls(fewest), count_calls(most))
