"""Which model is asked next, after each failure: the same once more, another, one that comes back later, or none.

Pure: what is known of the providers and the time come in as data.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from octrad.gateway.calls import Mark, Outcome
from octrad.gateway.server.classify_failure import PARAMETER_REASON, Failure

RETRIES = 2  # of the same request to the same model, after a rate limit or a transient failure
REPAIRS = 1  # of an answer that was not valid, per model
LONGEST_WAIT_S = 60.0  # of a provider's retry-after; what asks for more is hopped over
RATE_WAIT_S = (2.0, 8.0)  # where a rate limit says nothing
BACKOFF_S = (0.25, 1.0)


@dataclass(frozen=True, slots=True)
class Hop:
    """One model of a chain. `mark` says why it is not to be asked now, `context_tokens` is 0 where nobody knows."""

    context_tokens: int = 0
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt that failed. `hop` counts the models, from 0; `again`: the one before was to the same model."""

    hop: int
    failure: Failure
    again: bool = False


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long to go on: until when, in Unix seconds, and how many hops."""

    deadline: float
    hops: int


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask this model next, after a wait."""

    hop: int
    wait_s: float = 0.0
    repair: bool = False
    without: str = ""  # a parameter that the model refused
    again: bool = False  # the model that failed last


@dataclass(frozen=True, slots=True)
class Wait:
    """Ask nobody before this moment, in Unix seconds: then the first of those that cool down comes back."""

    until: float


class Reason(StrEnum):
    """Why nobody else is asked."""

    END_OF_CHAIN = "end_of_chain"
    # The question is too long for every model that is left: whoever asks has to ask for less.
    TOO_LONG = "too_long"
    # What is left cools down for longer than there is time.
    COOLING = "cooling"
    NO_TIME = "no_time"
    MOST_HOPS = "most_hops"
    # The limits of a provider let the question wait until there was no time left.
    NO_PLACE = "no_place"


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Ask nobody else. `until` is when the first that cools down comes back, in Unix seconds; 0 where none does."""

    reason: Reason
    until: float = 0.0


Move = Ask | Wait | GiveUp


def next_hop(chain: Sequence[Hop], history: Sequence[Tried], now: float, bounds: Bounds) -> Move:
    """Returns what to do next.

    Args:
        chain: the models in order, at least one.
        history: what was tried so far, in order; all of it failed.
        now: Unix seconds.
        bounds: how long to go on.
    """
    if now >= bounds.deadline:
        return GiveUp(Reason.NO_TIME)
    again = ask_again(chain, history, now, bounds)
    if again is not None:
        return again
    left = _left(chain, history)
    if not left:
        return GiveUp(Reason.TOO_LONG if _is_too_long(history) else Reason.END_OF_CHAIN)
    if _count_hops(history) >= bounds.hops:
        return GiveUp(Reason.MOST_HOPS)
    free = next((hop for hop in left if chain[hop].mark is None), None)
    if free is not None:
        return Ask(free)
    return _when_none_is_free(chain, left, bounds)


def ask_again(chain: Sequence[Hop], history: Sequence[Tried], now: float, bounds: Bounds) -> Ask | None:
    """The model that failed last once more, where that may help; None when it is left behind."""
    if not history:
        return None
    last = history[-1].hop
    alone = not any(chain[hop].mark is None for hop in _left(chain, history) if hop != last)
    again = _again(last, _visit(history), alone=alone)
    if again is not None and (mark := chain[last].mark) is not None:
        # Others found its provider at its limit, or out of order, in the meantime.
        waits = alone and mark.cools_down
        again = replace(again, wait_s=max(again.wait_s, mark.until - now)) if waits else None
    return again if again is not None and now + again.wait_s < bounds.deadline else None


def _when_none_is_free(chain: Sequence[Hop], left: Sequence[int], bounds: Bounds) -> Move:
    cooling = [mark.until for hop in left if (mark := chain[hop].mark) is not None and mark.cools_down]
    if cooling:
        until = min(cooling)
        return Wait(until) if until < bounds.deadline else GiveUp(Reason.COOLING, until)
    # A key that works again or credit that was added is nothing that we could see: somebody has to ask.
    return Ask(left[0])


def _left(chain: Sequence[Hop], history: Sequence[Tried]) -> list[int]:
    """The models that may still be asked: first those that were not, then those that were at their rate limit."""
    last_failures = {tried.hop: tried.failure for tried in history}
    too_small = max(
        (chain[hop].context_tokens for hop, failure in last_failures.items() if _is_context(failure)), default=0
    )
    fresh = [
        hop for hop, model in enumerate(chain) if hop not in last_failures and not 0 < model.context_tokens <= too_small
    ]
    limited = [hop for hop, failure in last_failures.items() if failure.outcome is Outcome.RATE]
    return fresh + limited


def _visit(history: Sequence[Tried]) -> list[Failure]:
    """The failures of the model that failed last, since we came to it."""
    came = max(index for index, tried in enumerate(history) if not tried.again)
    return [tried.failure for tried in history[came:]]


def _count_hops(history: Sequence[Tried]) -> int:
    return sum(not tried.again for tried in history)


def _is_context(failure: Failure) -> bool:
    return failure.outcome is Outcome.CONTEXT


def _is_too_long(history: Sequence[Tried]) -> bool:
    return bool(history) and _is_context(history[-1].failure)


def _again(hop: int, here: Sequence[Failure], *, alone: bool) -> Ask | None:
    """The same model once more, where that may help."""
    last = here[-1]
    match last.outcome:
        case Outcome.RATE | Outcome.TRANSIENT:
            wait_s = _wait_s(here, alone=alone)
            # What was being repaired still is.
            repairing = any(failure.outcome is Outcome.HALLUCINATION for failure in here)
            return None if wait_s is None else Ask(hop, wait_s, repair=repairing, again=True)
        case Outcome.HALLUCINATION:
            repairs = sum(failure.outcome is Outcome.HALLUCINATION for failure in here)
            repairable = last.reason != "refusal" and repairs <= REPAIRS
            return Ask(hop, repair=True, again=True) if repairable else None
        case Outcome.BAD_MODEL if last.reason.startswith(PARAMETER_REASON):
            refused_before = sum(failure.reason == last.reason for failure in here) > 1
            parameter = last.reason.removeprefix(PARAMETER_REASON)
            return None if refused_before else Ask(hop, without=parameter, again=True)
        case _:
            return None


def _wait_s(here: Sequence[Failure], *, alone: bool) -> float | None:
    last = here[-1]
    retries = sum(failure.outcome in {Outcome.RATE, Outcome.TRANSIENT} for failure in here) - 1
    # A model that let a whole timeout pass is asked again only where there is no other, and once.
    most = int(alone) if last.reason == "timeout" else RETRIES
    if retries >= most:
        return None
    steps = RATE_WAIT_S if last.outcome is Outcome.RATE else BACKOFF_S
    wait_s = steps[retries] if last.retry_after_s is None else last.retry_after_s
    return wait_s if wait_s <= LONGEST_WAIT_S else None
