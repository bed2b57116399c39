"""What to do after each failure: wait, repair, hop to the next model, or give up. Pure; time comes in as data."""

from collections.abc import Sequence
from dataclasses import dataclass

from octrad.gateway.calls import Outcome
from octrad.gateway.server.classify_failure import PARAMETER_REASON, Failure

RETRIES = 2  # of the same request to the same model, after a rate limit or a transient failure
REPAIRS = 1  # of an answer that was not valid, per model
LONGEST_WAIT_S = 60.0  # of a provider's retry-after; what asks for more is hopped over
RATE_WAIT_S = (2.0, 8.0)  # where a rate limit says nothing
BACKOFF_S = (0.25, 1.0)
MOST_HOPS = 8


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt that failed. `hop` counts the models, from 0; `took_s` includes the wait before it."""

    hop: int
    failure: Failure
    took_s: float


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask this model next, after a wait."""

    hop: int
    wait_s: float = 0.0
    repair: bool = False
    without: str = ""  # a parameter that the model refused


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Ask nobody else."""

    reason: str


def next_move(models: int, tried: Sequence[Tried], total_s: float) -> Ask | GiveUp:
    """Returns what to do next.

    Args:
        models: how long the chain is, at least 1.
        tried: what was tried so far, in order; all of it failed.
        total_s: seconds that all attempts together may take.
    """
    if not tried:
        return Ask(0)
    spent_s = sum(one.took_s for one in tried)
    if spent_s >= total_s:
        return GiveUp("total_timeout")
    last = tried[-1]
    here = [one.failure for one in tried if one.hop == last.hop]
    more = last.hop + 1 < min(models, MOST_HOPS)
    again = _again(last.hop, here, alone=not more)
    if again is not None and spent_s + again.wait_s < total_s:
        return again
    return Ask(last.hop + 1) if more else GiveUp("end_of_chain")


def _again(hop: int, here: Sequence[Failure], *, alone: bool) -> Ask | None:
    """The same model once more, where that may help."""
    last = here[-1]
    match last.outcome:
        case Outcome.RATE | Outcome.TRANSIENT:
            wait_s = _wait_s(here, alone=alone)
            # What was being repaired still is.
            repairing = any(failure.outcome is Outcome.HALLUCINATION for failure in here)
            return None if wait_s is None else Ask(hop, wait_s, repair=repairing)
        case Outcome.HALLUCINATION:
            repairs = sum(failure.outcome is Outcome.HALLUCINATION for failure in here)
            repairable = last.reason != "refusal" and repairs <= REPAIRS
            return Ask(hop, repair=True) if repairable else None
        case Outcome.BAD_MODEL if last.reason.startswith(PARAMETER_REASON):
            refused_before = sum(failure.reason == last.reason for failure in here) > 1
            return None if refused_before else Ask(hop, without=last.reason.removeprefix(PARAMETER_REASON))
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
