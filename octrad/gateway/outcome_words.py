"""How a request to a model ended, in words that follow the model's name. Pure."""

from collections.abc import Mapping

from octrad.gateway.calls import Outcome

OUTCOME_WORDS: Mapping[Outcome, str] = {
    Outcome.OK: "answered",
    Outcome.RATE: "is at its rate limit",
    Outcome.CONTEXT: "finds the question too long",
    Outcome.AUTH: "refuses the key",
    Outcome.BILLING: "wants to be paid",
    Outcome.BAD_MODEL: "is not known to its provider",
    Outcome.HALLUCINATION: "gave no valid answer",
    Outcome.TRANSIENT: "could not answer",
}
