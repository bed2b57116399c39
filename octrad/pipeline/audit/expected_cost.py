"""What a task may cost: from a small one that goes well to one of grade 5 that takes every round. Pure.

The only place that says how many calls a task makes; it follows the steps of `run.build`:

- At best one worker builds everything at the first try: `grade`, `plan`, `work`, `validate`.
- At most (grade 5, with as many managers and workers as a plan may have) every manager assigns once; in each of
  `limits.review_rounds` every worker works and every manager reviews; before each verdict of the Boss
  `limits.fix_rounds` repairs are made, and one more between the verdicts; the scaffold is helped once. Should it fail,
  its note is worded, where that is configured. Work that is not divided is one worker's, and nobody reviews it.

Each call is as long as the question of the audit that it is like, and goes to the chain that this is put to.

An answer that is refused and asked for again, a merge that is redone, a worker that goes on once it has the packages
that it asked for, a retry and a second run come on top; each is as rare as it is bounded. The other way round,
providers bill what they have cached at a fraction, and here all input counts as new.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from octrad.foundation.config import Limits
from octrad.gateway.audits import AuditedModel
from octrad.pipeline.acceptance import VALIDATION_FIXES
from octrad.pipeline.audit.audit_questions import (
    ADVISE,
    ASSIGN,
    GRADE,
    LATER_REVIEW,
    LATER_VALIDATE,
    LATER_WORK,
    PLAN,
    VALIDATE,
    WORK,
)
from octrad.pipeline.plan import WORKERS_AT_MOST
from octrad.pipeline.questions.answers import MANAGERS_AT_MOST

_MILLION = 1_000_000
# Answers, in tokens: what a small program takes, and the decisions beside it.
_SMALL_PROGRAM = 1500
_SMALL_PLAN = 400
_SMALL_DECISION = 100
# Those of a large task. A worker's may be as long as any answer.
_LARGE_PLAN = 6000
_LARGE_DECISION = 1000


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls that are alike.

    Args:
        times: how many.
        sized_as: the question of the audit that they are about as long as.
        answer_tokens: how long their answers are; None: as long as an answer may be.
    """

    times: int
    sized_as: str
    answer_tokens: int | None


def fewest_calls() -> tuple[Calls, ...]:
    """The calls of a small task that goes well."""
    return (
        Calls(1, GRADE, _SMALL_DECISION),
        Calls(1, PLAN, _SMALL_PLAN),
        Calls(1, WORK, _SMALL_PROGRAM),
        Calls(1, VALIDATE, _SMALL_DECISION),
    )


def most_calls(limits: Limits, *, divided: bool) -> tuple[Calls, ...]:
    """The calls of a task that takes every round; of grade 5, or of one whose work is not divided among managers."""
    verdicts = 1 + VALIDATION_FIXES
    managers = MANAGERS_AT_MOST if divided else 0
    works = WORKERS_AT_MOST * limits.review_rounds if divided else 1
    reviews = managers * limits.review_rounds
    fixes = limits.fix_rounds * verdicts + VALIDATION_FIXES
    helps = 1
    return (
        Calls(1, GRADE, _LARGE_DECISION),
        Calls(1, PLAN, _LARGE_PLAN),
        Calls(managers, ASSIGN, _LARGE_PLAN),
        Calls(works + fixes + helps, LATER_WORK, None),
        Calls(reviews, LATER_REVIEW, _LARGE_DECISION),
        Calls(verdicts, LATER_VALIDATE, _LARGE_DECISION),
        Calls(1, ADVISE, _LARGE_DECISION),
    )


def count_calls(calls: Sequence[Calls], asked: Collection[str]) -> int:
    """How many there are of these questions."""
    return sum(one.times for one in calls if one.sized_as in asked)


def cost_usd(calls: Sequence[Calls], audited: AuditedModel) -> float | None:
    """What the calls cost that are like the questions which a model was audited for; None where it has no price."""
    length = {one.question: one.input_tokens for one in audited.questions}
    mine = [one for one in calls if one.times and one.sized_as in length]
    if not mine:
        return 0.0
    prices = audited.model.input_usd_per_million, audited.model.output_usd_per_million
    if prices[0] is None or prices[1] is None:
        return None
    inputs = sum(one.times * length[one.sized_as] for one in mine)
    outputs = sum(one.times * _answer_tokens(one, audited.model.output_tokens) for one in mine)
    return (inputs * prices[0] + outputs * prices[1]) / _MILLION


def _answer_tokens(calls: Calls, most: int) -> int:
    return most if calls.answer_tokens is None else min(calls.answer_tokens, most)
