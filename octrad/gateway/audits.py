"""What an audit of chains asks of the gateway and tells: the types that its client and its server share."""

from dataclasses import dataclass

from octrad.gateway.calls import Completion, Model, ModelRole, Outcome


@dataclass(frozen=True, slots=True)
class Audit:
    """A work that is only judged.

    Args:
        chain: models, in order, for all questions; empty means for each the configured chain of its role.
        questions: what it would ask; counted, never sent.
        probe: whether each provider whose key is configured is asked for that key's limits, in one tiny call.
        may_come_up: names of questions that may or may not be asked, and so make no model unusable.
    """

    chain: tuple[str, ...]
    questions: tuple[Completion, ...]
    probe: bool
    may_come_up: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CountedQuestion:
    """How long one question is."""

    question: str
    input_tokens: int


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A limit of a key: of requests, tokens, input-tokens, …; None is what the provider did not say."""

    name: str
    limit: int | None = None
    remaining: int | None = None
    resets_in_s: float | None = None


@dataclass(frozen=True, slots=True)
class Probed:
    """What a provider said to a key.

    Args:
        model: the one that was asked.
        outcome: ok, or the class of the failure.
        error: the provider's words where it failed, without keys.
        at_ms: Unix time in milliseconds.
        limits: those that the reply told.
        earlier: whether it was asked earlier, and not again.
    """

    model: str
    outcome: Outcome
    error: str
    at_ms: int
    limits: tuple[RateLimit, ...]
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why a model cannot do the work: a class of failures that it would end in, and words."""

    outcome: Outcome
    words: str


@dataclass(frozen=True, slots=True)
class AuditedModel:
    """One model of a chain, judged. No hindrance means that it can do the work, as far as anybody can tell.

    Args:
        model: what is known of it; its `output_tokens` are what a question leaves to its answer.
        hindrances: the most serious first.
        remarks: what an operator should know and what stands in no way.
        questions: how long each question of the chain is.
        approximate: whether the count is not that of the model's own tokenizer.
        prices_from: where its prices come from and of when they are; empty for a model without a price.
        probed: None where its key was not tried.
        passed_over: whether it is not asked at the moment while another can be, as a remark says.
    """

    model: Model
    hindrances: tuple[Hindrance, ...]
    remarks: tuple[str, ...]
    questions: tuple[CountedQuestion, ...]
    approximate: bool
    prices_from: str
    probed: Probed | None
    passed_over: bool

    @property
    def viable(self) -> bool:
        """Whether it can do the work."""
        return not self.hindrances


@dataclass(frozen=True, slots=True)
class AuditedChain:
    """A chain, judged by the questions that would be put to it.

    Args:
        roles: whose questions these are; empty where they name no role.
        keys: where it stands, for whoever has to change it; several where they hold the same models.
        models: in order.
    """

    roles: tuple[ModelRole, ...]
    keys: tuple[str, ...]
    models: tuple[AuditedModel, ...]
