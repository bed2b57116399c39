"""Whether a model can do a work: does every question fit, is there a key, does the provider take it. Pure.

What cannot be known (the window of a local model, whether a provider that did not answer will) is remarked on and
stands in no way: a run finds out, and hops.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from octrad.gateway.audits import CountedQuestion, Hindrance, Probed
from octrad.gateway.calls import Outcome

# Of the window, what question and answer together may fill: counts are approximate, and prompts grow with repairs.
MARGIN_PERCENT = 75
# What a probe tells of the key; the other failures are the model's, or the moment's.
_OF_THE_KEY = {
    Outcome.AUTH: "the provider refuses the key",
    Outcome.BILLING: "the account of the key cannot pay",
}
_LIMITS_OF_ONE_REQUEST = frozenset({"tokens", "input-tokens"})


@dataclass(frozen=True, slots=True)
class Situation:
    """All that is known of one model before it is asked.

    Args:
        name: in the chain.
        key_fault: why there is no key where one is needed; empty when all is well.
        context_tokens: its window; 0: unknown.
        output_tokens: what a question leaves to its answer.
        questions: how long each is.
        probed: what its provider said to the key; None where it was not asked.
        mark: why it is not asked at the moment, from how requests went; empty when it may be.
    """

    name: str
    key_fault: str
    context_tokens: int
    output_tokens: int
    questions: tuple[CountedQuestion, ...]
    probed: Probed | None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What stands in the way, the most serious first; what is only to be known; whether another is asked before it."""

    hindrances: tuple[Hindrance, ...]
    remarks: tuple[str, ...]
    passed_over: bool


def judge_model(situation: Situation, may_come_up: Collection[str] = ()) -> Verdict:
    """Judges one model.

    Args:
        situation: what is known of it.
        may_come_up: names of questions that make no model unusable.
    """
    surely = [one for one in situation.questions if one.question not in may_come_up]
    perhaps = [one for one in situation.questions if one.question in may_come_up]
    hindrances = [
        *_hindrances_of_key(situation),
        *(Hindrance(Outcome.CONTEXT, words) for words in _too_long(situation, surely)),
    ]
    # What is skipped anyway is not passed over.
    passed_over = bool(situation.mark) and not hindrances
    remarks = [
        *([f"passed over while another model can be asked: {situation.mark}"] if passed_over else []),
        *_remarks_on_probe(situation),
        *(f"may come up: {words}" for words in _too_long(situation, perhaps)),
    ]
    if not situation.context_tokens:
        remarks.append("how much it can hold is not known, so nobody can say whether a question fits")
    return Verdict(tuple(hindrances), tuple(remarks), passed_over)


def _hindrances_of_key(situation: Situation) -> list[Hindrance]:
    if situation.key_fault:
        return [Hindrance(Outcome.AUTH, situation.key_fault)]
    probed = situation.probed
    if probed is None:
        return []
    if probed.outcome in _OF_THE_KEY:
        return [Hindrance(probed.outcome, f"{_OF_THE_KEY[probed.outcome]}: {probed.error}")]
    if probed.outcome is Outcome.BAD_MODEL and probed.model == situation.name:
        return [Hindrance(Outcome.BAD_MODEL, f"the provider does not take the model: {probed.error}")]
    return []


def _too_long(situation: Situation, questions: Sequence[CountedQuestion]) -> list[str]:
    longest = max(questions, key=lambda one: one.input_tokens, default=None)
    if longest is None:
        return []
    return [*_beyond_window(situation, longest), *_beyond_limits(situation, longest)]


def _beyond_window(situation: Situation, longest: CountedQuestion) -> list[str]:
    needed, window = longest.input_tokens + situation.output_tokens, situation.context_tokens
    if not window or needed * 100 <= window * MARGIN_PERCENT:
        return []
    share = f"{MARGIN_PERCENT} % of its {window:,}"
    return [f"`{longest.question}` takes {needed:,} tokens with its answer, and only {share} are to be filled"]


def _beyond_limits(situation: Situation, longest: CountedQuestion) -> list[str]:
    """A request above a limit of tokens is refused however long one waits; a limit of 0 says nothing."""
    return [
        f"`{longest.question}` has {longest.input_tokens:,} tokens, and the key may send {one.limit:,} at a time"
        for one in (situation.probed.limits if situation.probed else ())
        if one.name in _LIMITS_OF_ONE_REQUEST and one.limit and one.limit < longest.input_tokens
    ]


def _remarks_on_probe(situation: Situation) -> list[str]:
    probed = situation.probed
    if probed is None or situation.key_fault:
        return []
    match probed.outcome:
        case Outcome.RATE:
            return [f"the provider is at its rate limit now: {probed.error}"]
        case Outcome.TRANSIENT | Outcome.CONTEXT | Outcome.HALLUCINATION:
            return [f"the provider could not be tried: {probed.error}"]
        case Outcome.BAD_MODEL if probed.model != situation.name:
            return [f"its key was not tried: the provider does not take {probed.model}"]
        case _:
            return []
