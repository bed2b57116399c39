"""Picks a model that may answer where a chain failed, so that a retry can go on with it. Pure; asks nobody."""

from collections.abc import Sequence

from octrad.gateway.calls import Model, Outcome
from octrad.pipeline.advisor.situation import Situation

# These are a provider's doing, not a model's: its other models would fail the same way.
_OF_PROVIDERS = frozenset({Outcome.AUTH, Outcome.BILLING, Outcome.RATE, Outcome.TRANSIENT})


def pick_other_model(situation: Situation, models: Sequence[Model]) -> str:
    """The first configured model that can be asked and was not; empty when there is none.

    Where the question was too long it is the one with the longest context. A rehearsal never takes the place of a
    model, nor a model that costs money that of a rehearsal.
    """
    tried = {hop.model for hop in situation.hops}
    failed = {_provider(hop.model) for hop in situation.hops if hop.outcome in _OF_PROVIDERS}
    usable = [
        model
        for model in models
        if model.available
        and model.rehearsal == situation.rehearsal
        and model.name not in tried
        and _provider(model.name) not in failed
    ]
    if situation.failure_class == Outcome.CONTEXT:
        usable.sort(key=lambda model: -model.context_tokens)
    return usable[0].name if usable else ""


def _provider(model: str) -> str:
    return model.partition("/")[0]
