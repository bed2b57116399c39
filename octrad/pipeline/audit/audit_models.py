"""Which models can do a work, for each role that it asks; in which order they would be asked, and for how much."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from octrad.foundation.config import Limits
from octrad.foundation.postgres.pool import Database
from octrad.gateway.audits import Audit, AuditedChain, AuditedModel
from octrad.gateway.calls import ModelRole
from octrad.gateway.client import GatewayClient
from octrad.knowledge.guides import Guide
from octrad.knowledge.stacks import Stack
from octrad.pipeline.audit.audit_questions import (
    ADVISE,
    LATER_REVIEW,
    LATER_VALIDATE,
    LATER_WORK,
    Work,
    first_questions,
)
from octrad.pipeline.audit.expected_cost import Calls, cost_usd, count_calls, fewest_calls, most_calls
from octrad.pipeline.questions.provider_marks import known_marks


@dataclass(frozen=True, slots=True)
class Auditor:
    """What an audit works with."""

    gateway: GatewayClient
    database: Database
    stacks: Mapping[str, Stack]
    guides: Mapping[str, Guide]
    limits: Limits


@dataclass(frozen=True, slots=True)
class AuditScope:
    """What is asked about a work.

    Args:
        chain: for all roles; empty means for each the configured one.
        roles: whose questions are judged.
        divided: whether managers may divide the work among several workers.
        probe: whether the providers are asked for the limits of their keys.
    """

    chain: tuple[str, ...]
    roles: tuple[ModelRole, ...]
    divided: bool
    probe: bool


@dataclass(frozen=True, slots=True)
class ModelReport:
    """One model of a chain. `rank` is its place among those that would be asked, from 1; 0 means that it is skipped.

    One that cools down or is down comes last: it is asked when no other is left.

    The costs are those of all that a task asks the chain, with this model alone; None where it has no price.
    """

    audited: AuditedModel
    rank: int
    least_usd: float | None
    most_usd: float | None


@dataclass(frozen=True, slots=True)
class ChainReport:
    """A chain in order, whose it is, and where it stands."""

    roles: tuple[ModelRole, ...]
    keys: tuple[str, ...]
    models: tuple[ModelReport, ...]

    @property
    def asked(self) -> tuple[ModelReport, ...]:
        """The models that would be asked, in order."""
        return tuple(sorted((model for model in self.models if model.rank), key=lambda model: model.rank))


@dataclass(frozen=True, slots=True)
class Report:
    """The chains that a work asks, each once; and how many calls a task makes at best and at most."""

    chains: tuple[ChainReport, ...]
    fewest_calls: int
    most_calls: int

    @property
    def stuck(self) -> tuple[ChainReport, ...]:
        """The chains of which no model can do what the work needs."""
        needed = needed_roles(role for chain in self.chains for role in chain.roles)
        return tuple(chain for chain in self.chains if not chain.asked and needed.intersection(chain.roles))

    @property
    def stuck_roles(self) -> tuple[ModelRole, ...]:
        """Whose chains these are."""
        return tuple(role for chain in self.stuck for role in chain.roles)

    @property
    def least_usd(self) -> float | None:
        """What the task costs at best, with the first model of each chain; None where one has no price, or none can."""
        return None if self.stuck else _sum(chain.asked[0].least_usd for chain in self.chains if chain.asked)

    @property
    def most_usd(self) -> float | None:
        """The same at most."""
        return None if self.stuck else _sum(chain.asked[0].most_usd for chain in self.chains if chain.asked)


async def audit_models(auditor: Auditor, work: Work, scope: AuditScope) -> Report:
    """Audits the chains of the roles that a work asks.

    Raises:
        ConfigurationError: there is no chain, or a name in it belongs to no provider.
        UnavailableError: the gateway cannot be reached.
    """
    questions = first_questions(work, auditor.stacks, auditor.guides, scope.roles)
    may_come_up = {LATER_VALIDATE, LATER_WORK, LATER_REVIEW}
    if ModelRole.ADVISOR not in needed_roles(scope.roles):
        may_come_up.add(ADVISE)
    audit = Audit(scope.chain, questions, scope.probe, frozenset(may_come_up))
    chains = await auditor.gateway.audit(audit, marks=await known_marks(auditor.database))
    fewest, most = fewest_calls(), most_calls(auditor.limits, divided=scope.divided)
    asked = {question.question for question in questions}
    reports = tuple(_report(chain, fewest, most) for chain in chains)
    return Report(reports, count_calls(fewest, asked), count_calls(most, asked))


def needed_roles(roles: Iterable[ModelRole]) -> frozenset[ModelRole]:
    """Those that the work cannot be done without: whoever only words a note counts where nobody else is looked at."""
    looked_at = frozenset(roles)
    return looked_at - {ModelRole.ADVISOR} or looked_at


def _report(chain: AuditedChain, fewest: tuple[Calls, ...], most: tuple[Calls, ...]) -> ChainReport:
    asked = sorted((model for model in chain.models if model.viable), key=lambda model: model.passed_over)
    places = {model.model.name: place for place, model in enumerate(asked, 1)}
    models = tuple(
        ModelReport(model, places.get(model.model.name, 0), cost_usd(fewest, model), cost_usd(most, model))
        for model in chain.models
    )
    return ChainReport(chain.roles, chain.keys, models)


def _sum(costs: Iterable[float | None]) -> float | None:
    known = tuple(costs)
    priced = [cost for cost in known if cost is not None]
    return sum(priced) if len(priced) == len(known) else None
