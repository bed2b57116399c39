"""The words for "no model gave a valid answer": what each model did, and what an operator may do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from octra_proto.gateway.v1 import gateway_pb2 as pb
from octrad.foundation.once.messages import DetailedFailureError
from octrad.gateway.calls import Attempt, ModelsFailedError, Outcome
from octrad.gateway.outcome_words import OUTCOME_WORDS
from octrad.gateway.server.chain import GiveUp, Hop, Reason
from octrad.gateway.server.describe_mark import describe_mark, seconds_until
from octrad.gateway.server.providers import Target
from octrad.gateway.server.report_attempt import attempt_messages

ERROR_CHARACTERS = 300
_LATE = {Reason.NO_TIME: ", and there was no time left", Reason.MOST_HOPS: ", and models.hops allows no more"}
# Where the reason says more than the class.
_FAULTS_BY_REASON = {
    "cannot_load": "cannot be loaded by its server",
    "redirect": "is asked at an address that leads elsewhere",
    "refused_request": "refuses the request",
}


class ModelsFailedWithAttemptsError(DetailedFailureError):
    """Carries the attempts to the client, which raises `ModelsFailedError`."""

    code = ModelsFailedError.code


@dataclass(frozen=True, slots=True)
class Walk:
    """A chain of which nobody gave a valid answer: how it stands at the end, what was tried, and its key."""

    targets: Sequence[Target]
    hops: Sequence[Hop]
    attempts: Sequence[Attempt]
    chain_key: str


def models_failed(question: str, walk: Walk, give_up: GiveUp, now: float) -> ModelsFailedWithAttemptsError:
    """Returns the error: the last failure of each model that was asked, and why the others were not.

    Args:
        question: its name.
        walk: what happened.
        give_up: why it ended.
        now: Unix seconds.
    """
    outcome = _outcome(walk, give_up)
    last_of_model = {attempt.model: attempt for attempt in walk.attempts}
    faults = [_fault(attempt) for attempt in last_of_model.values()]
    faults += [_why_unasked(target, hop, now) for target, hop in _unasked(walk)]
    if give_up.reason is Reason.NO_PLACE:
        faults.append("the limits of its provider left no place for it")
    payload = pb.Failed(failure_class=outcome.value, attempts=attempt_messages(walk.attempts))
    return ModelsFailedWithAttemptsError(
        f"no model answered `{question}`{_LATE.get(give_up.reason, '')}: {'; '.join(faults)}",
        payload=payload.SerializeToString(),
        hint=_hint(walk, give_up, now),
        retryable=outcome is Outcome.RATE
        or any(attempt.outcome in {Outcome.RATE, Outcome.TRANSIENT} for attempt in walk.attempts),
    )


def _outcome(walk: Walk, give_up: GiveUp) -> Outcome:
    is_held_up = give_up.reason in {Reason.COOLING, Reason.NO_PLACE}
    return Outcome.RATE if is_held_up or not walk.attempts else walk.attempts[-1].outcome


def _unasked(walk: Walk) -> list[tuple[Target, Hop]]:
    """The models that were passed over, and for a reason."""
    asked = {attempt.model for attempt in walk.attempts}
    too_long = any(attempt.outcome is Outcome.CONTEXT for attempt in walk.attempts)
    return [
        (target, hop)
        for target, hop in zip(walk.targets, walk.hops, strict=True)
        if target.name not in asked and (hop.mark is not None or (too_long and hop.context_tokens))
    ]


def _why_unasked(target: Target, hop: Hop, now: float) -> str:
    why = "it holds no more" if hop.mark is None else describe_mark(hop.mark, target, now)
    return f"{target.name} was not asked ({why})"


def _fault(attempt: Attempt) -> str:
    # The others' words say it all.
    says_more = attempt.reason and attempt.outcome in {Outcome.TRANSIENT, Outcome.HALLUCINATION}
    reason = f" ({attempt.reason.replace('_', ' ')})" if says_more else ""
    fault = _FAULTS_BY_REASON.get(attempt.reason) or OUTCOME_WORDS[attempt.outcome]
    return f"{attempt.model} {fault}{reason}: {attempt.error[:ERROR_CHARACTERS].rstrip('.')}"


def _hint(walk: Walk, give_up: GiveUp, now: float) -> str:
    another = f"another model to {walk.chain_key}"
    match give_up.reason:
        case Reason.COOLING:
            wait = f"retry in {seconds_until(give_up.until, now)} s, when the first of them may be asked again"
            return f"{wait}, or add {another}"
        case Reason.NO_PLACE:
            return "raise calls_at_once or requests_per_minute of the provider, or models.total_timeout_s"
        case Reason.TOO_LONG:
            return f"ask for less at once, or add a model with a longer context to {walk.chain_key}"
        case _ if not walk.attempts:
            return "raise models.total_timeout_s"
        case _:
            return _hint_after(walk.attempts[-1], {target.name: target for target in walk.targets}, another)


def _hint_after(last: Attempt, targets: Mapping[str, Target], another: str) -> str:
    target = targets[last.model]
    section = f"providers.{target.provider}"
    if last.reason == "unreachable":
        return f"is {target.base_url or target.provider} right ({section}.base_url), and is it running?"
    if last.reason == "redirect":
        return f"set {section}.base_url to the address that answers itself; redirects are not followed"
    if last.reason == "cannot_load":
        return f"give the server of {section} more memory, or name a smaller model"
    hints = {
        Outcome.TRANSIENT: f"retry later, or add {another}",
        Outcome.RATE: f"retry later, or add {another}",
        Outcome.AUTH: f"check the key in {target.key_file or f'{section}.key_file'}",
        Outcome.BILLING: f"the account of {section} has no credit left; add credit or {another}",
        Outcome.BAD_MODEL: f"does {section} know the model of `{last.model}`? `octractl models` shows the chain",
    }
    return hints.get(last.outcome, f"add {another} that is more capable")
