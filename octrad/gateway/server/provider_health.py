"""What is known of a provider from how its requests went: whether it cools down, is down, or may be asked. Pure.

- A rate limit that was not waited out cools the provider down: until its retry-after, else for longer each time.
- Failures in a row that are nobody's fault open a breaker. After a while a few requests try whether it is well again.
- A key that is refused, and an account without credit, put it down until its key file or its configuration changes; a
  model that it does not know puts only that model down. Each is tried again after an hour all the same, because credit
  is added, and models are, where we cannot see it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from octrad.gateway.calls import Mark, Outcome
from octrad.gateway.server.classify_failure import Failure

FIRST_COOL_DOWN_S = 15.0
LONGEST_COOL_DOWN_S = 300.0
# A provider may say anything; nobody is believed for longer.
LONGEST_RETRY_AFTER_S = 24 * 3600.0
FAILURES_THAT_OPEN = 5
OPEN_S = 60.0
PROBES = 3
# While as many probes as may be are under way, the others look again after this.
PROBE_S = 5.0
DOWN_S = 3600.0
UNKNOWN_MODEL = "unknown_model"


@dataclass(frozen=True, slots=True)
class Health:
    """One provider. The default is one of which nothing bad is known."""

    mark: Mark | None = None
    # By their names in the chain.
    model_marks: Mapping[str, Mark] = field(default_factory=dict)
    cool_downs: int = 0  # in a row
    failures: int = 0  # in a row
    open_until: float = 0.0
    probes: int = 0  # under way


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked, and how the provider was set up then."""

    provider: str
    model: str
    fingerprint: str


def mark_of(health: Health, asked: Asked, now: float) -> Mark | None:
    """Why this model is not to be asked now; None when it may be."""
    for mark in (health.mark, health.model_marks.get(asked.model)):
        if mark is not None and now < mark.until and mark.fingerprint in {"", asked.fingerprint}:
            return mark
    if now < health.open_until:
        return Mark(asked.provider, "", Outcome.TRANSIENT, health.open_until)
    if _is_half_open(health) and health.probes >= PROBES:
        return Mark(asked.provider, "", Outcome.TRANSIENT, now + PROBE_S)
    return None


def begin(health: Health) -> Health:
    """After a request began."""
    return replace(health, probes=health.probes + 1) if _is_half_open(health) else health


def end(health: Health) -> Health:
    """After a request ended, however; what it told is noted besides."""
    return replace(health, probes=max(0, health.probes - 1))


def note_answer(health: Health, asked: Asked, now: float) -> Health:
    """After an answer: the provider is well. A cool-down that others brought about still holds."""
    others = {model: mark for model, mark in health.model_marks.items() if model != asked.model}
    mark = health.mark
    if mark is None or not mark.cools_down or now >= mark.until:
        return Health(model_marks=others, probes=health.probes)
    return Health(mark, others, cool_downs=health.cool_downs, probes=health.probes)


def note_failure(health: Health, failure: Failure, asked: Asked, now: float, *, left: bool) -> Health:
    """After a failed request; `left` says that the model is not asked again at once."""
    if failure.outcome is Outcome.TRANSIENT:
        return _count_failure(health, now)
    # The provider answered, if not as was hoped.
    health = replace(health, failures=0, open_until=0.0)
    match failure.outcome:
        case Outcome.RATE if left:
            return _cool_down(health, failure, asked, now)
        case Outcome.AUTH | Outcome.BILLING:
            return replace(health, mark=Mark(asked.provider, "", failure.outcome, now + DOWN_S, asked.fingerprint))
        case Outcome.BAD_MODEL if failure.reason == UNKNOWN_MODEL:
            mark = Mark(asked.provider, asked.model, failure.outcome, now + DOWN_S, asked.fingerprint)
            return replace(health, model_marks={**health.model_marks, asked.model: mark})
        case _:
            return health


def changed_mark(before: Health, after: Health, asked: Asked, now: float) -> Mark | None:
    """The mark that a request brought, or took away: that one ends now. None when it changed none."""
    pairs = (
        (before.mark, after.mark),
        (before.model_marks.get(asked.model), after.model_marks.get(asked.model)),
    )
    for old, new in pairs:
        if new is not None and new != old:
            return new
        if old is not None and new is None:
            return replace(old, until=now)
    return None


def note_mark(health: Health, mark: Mark) -> Health:
    """After another gateway noted something: what holds longer stands."""
    known = health.model_marks.get(mark.model) if mark.model else health.mark
    if known is not None and known.until >= mark.until:
        return health
    if mark.model:
        return replace(health, model_marks={**health.model_marks, mark.model: mark})
    return replace(health, mark=mark)


def _is_half_open(health: Health) -> bool:
    return health.failures >= FAILURES_THAT_OPEN


def _count_failure(health: Health, now: float) -> Health:
    failures = health.failures + 1
    open_until = now + OPEN_S if failures >= FAILURES_THAT_OPEN else 0.0
    return replace(health, failures=failures, open_until=max(open_until, health.open_until))


def _cool_down(health: Health, failure: Failure, asked: Asked, now: float) -> Health:
    mark = health.mark
    # Requests that began before it cooled down say nothing new, but perhaps until when.
    is_new = mark is None or mark.outcome is not Outcome.RATE or now >= mark.until
    cool_downs = health.cool_downs + 1 if is_new else health.cool_downs
    growing_s = min(FIRST_COOL_DOWN_S * 2 ** min(cool_downs - 1, 10), LONGEST_COOL_DOWN_S)
    asked_for_s = min(failure.retry_after_s or 0.0, LONGEST_RETRY_AFTER_S)
    until = now + max(growing_s, asked_for_s)
    if not is_new and mark is not None:
        until = max(mark.until, now + asked_for_s)
    return replace(health, mark=Mark(asked.provider, "", Outcome.RATE, until), cool_downs=cool_downs)
