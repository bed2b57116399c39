"""The words for "no model gave a valid answer": what each model did, and what an operator may do about it."""

from collections.abc import Sequence

from octra_proto.gateway.v1 import gateway_pb2 as pb
from octrad.foundation.once.messages import DetailedFailureError
from octrad.gateway.calls import Attempt, ModelsFailedError, Outcome
from octrad.gateway.outcome_words import OUTCOME_WORDS
from octrad.gateway.server.chain import GiveUp
from octrad.gateway.server.providers import Target
from octrad.gateway.server.report_attempt import attempt_messages

ERROR_CHARACTERS = 300


class ModelsFailedWithAttemptsError(DetailedFailureError):
    """Carries the attempts to the client, which raises `ModelsFailedError`."""

    code = ModelsFailedError.code


def models_failed(
    question: str, targets: Sequence[Target], attempts: Sequence[Attempt], give_up: GiveUp
) -> ModelsFailedWithAttemptsError:
    """Returns the error for a chain of which every model failed, the last failure of each in its message."""
    last_of_model = {attempt.model: attempt for attempt in attempts}
    faults = "; ".join(_fault(attempt) for attempt in last_of_model.values())
    late = ", and there was no time left" if give_up.reason == "total_timeout" else ""
    failure_class = attempts[-1].outcome
    payload = pb.Failed(failure_class=failure_class.value, attempts=attempt_messages(attempts))
    return ModelsFailedWithAttemptsError(
        f"no model answered `{question}`{late}: {faults}",
        payload=payload.SerializeToString(),
        hint=_hint(attempts[-1], {target.name: target for target in targets}),
        retryable=any(attempt.outcome in {Outcome.RATE, Outcome.TRANSIENT} for attempt in attempts),
    )


def _fault(attempt: Attempt) -> str:
    # The others' words say it all.
    says_more = attempt.reason and attempt.outcome in {Outcome.TRANSIENT, Outcome.HALLUCINATION}
    reason = f" ({attempt.reason.replace('_', ' ')})" if says_more else ""
    return f"{attempt.model} {OUTCOME_WORDS[attempt.outcome]}{reason}: {attempt.error[:ERROR_CHARACTERS].rstrip('.')}"


def _hint(last: Attempt, targets: dict[str, Target]) -> str:
    target = targets[last.model]
    section = f"providers.{target.provider}"
    if last.reason == "unreachable":
        return f"is {target.base_url or target.provider} right ({section}.base_url), and is it running?"
    hints = {
        Outcome.TRANSIENT: "retry later, or add another model to models.chain",
        Outcome.RATE: "retry later, or add another model to models.chain",
        Outcome.AUTH: f"check the key in {target.key_file or f'{section}.key_file'}",
        Outcome.BILLING: f"the account of {section} has no credit left; add credit or another model to models.chain",
        Outcome.BAD_MODEL: f"does {section} know the model of `{last.model}`? `octractl models` shows the chain",
        Outcome.CONTEXT: "put a model with a longer context into models.chain",
    }
    return hints.get(last.outcome, "put a more capable model into models.chain")
