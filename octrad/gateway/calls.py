"""What is asked of the gateway and what comes back: the types that its client and its server share."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from octrad.foundation.errors import OctraError

# The roles of a message.
SYSTEM = "system"
USER = "user"
ASSISTANT = "assistant"


class Outcome(StrEnum):
    """How one request to one model ended."""

    OK = "ok"
    RATE = "rate"
    CONTEXT = "context"
    AUTH = "auth"
    BILLING = "billing"
    BAD_MODEL = "bad_model"
    HALLUCINATION = "hallucination"
    TRANSIENT = "transient"


class ModelRole(StrEnum):
    """Who asks: each may have a chain of models of its own."""

    BOSS = "boss"
    MANAGER = "manager"
    WORKER = "worker"
    REVIEWER = "reviewer"
    ADVISOR = "advisor"


@dataclass(frozen=True, slots=True)
class Mark:
    """Why a provider, or one model of it, is not asked at the moment.

    Args:
        provider: its name in the configuration.
        model: the model's name in the chain; empty where it is for the whole provider.
        outcome: what the provider did: rate and transient pass by themselves, auth, billing and bad_model do not.
        until: Unix seconds; then it is asked again in any case.
        fingerprint: of the key file and the configuration that it holds for; empty: for any.
    """

    provider: str
    model: str
    outcome: Outcome
    until: float
    fingerprint: str = ""

    @property
    def cools_down(self) -> bool:
        """Whether it passes by itself, so that waiting helps."""
        return self.outcome in {Outcome.RATE, Outcome.TRANSIENT}


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Completion:
    """One narrow question.

    Args:
        question: its name: grade, plan, work, …
        messages: the conversation, without the schema, which the gateway adds.
        schema_json: the JSON schema of the answer.
        chain: models to try, in order; empty means the configured chain of the role.
        max_output_tokens: 0 means the gateway's default.
        timeout_s: for one attempt; 0 means the configured one.
        role: who asks; None means the chain of all.
        long: whether the answer may be long: it is then streamed, and `timeout_s` counts from one piece to the next.
    """

    question: str
    messages: tuple[Message, ...]
    schema_json: str
    chain: tuple[str, ...] = ()
    max_output_tokens: int = 0
    timeout_s: float = 0.0
    role: ModelRole | None = None
    long: bool = False


@dataclass(frozen=True, slots=True)
class Writing:
    """How much of a long answer has come so far."""

    model: str
    characters: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to one model: a row of the ledger.

    `cost_usd` is None where the model has no price, `prices_hash` says by which prices. `mark` is what others should
    know of the provider since then.
    """

    model: str
    outcome: Outcome
    reason: str
    error: str
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost_usd: float | None
    duration_ms: int
    started_at_ms: int
    prices_hash: str
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Completed:
    """A valid answer: JSON that satisfies the schema."""

    answer_json: str
    model: str
    rehearsal: bool
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Embedding:
    """What an embedding model made of a text; without a vector where the attempt failed."""

    vector: tuple[float, ...]
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Model:
    """One model, with what is known of it without asking it anything.

    `output_tokens` is the most that one answer is allowed to have, unless the question asks for less. `found_at` says
    where a local server was found that has it loaded; it is empty for what the configuration names. `chains` names
    those in which it stands: `all` is that of the roles that have none of their own.
    """

    name: str
    provider: str
    available: bool
    detail: str
    context_tokens: int
    input_usd_per_million: float | None
    output_usd_per_million: float | None
    rehearsal: bool
    output_tokens: int
    found_at: str = ""
    chains: tuple[str, ...] = ()


class ModelsFailedError(OctraError):
    """No model of the chain gave a valid answer. `attempts` are ledger rows like those of a success."""

    code: ClassVar[str] = "models_failed"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        retryable: bool = False,
        failure_class: str = "",
        attempts: tuple[Attempt, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint, retryable=retryable)
        self.failure_class = failure_class
        self.attempts = attempts
