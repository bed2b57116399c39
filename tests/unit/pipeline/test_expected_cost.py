"""How many calls a task makes and what they cost."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.foundation.config import Limits
from octrad.gateway.audits import AuditedModel, CountedQuestion
from octrad.gateway.calls import Model
from octrad.pipeline.audit.expected_cost import Calls, cost_usd, count_calls, fewest_calls, most_calls

LENGTHS = {
    "grade": 500,
    "plan": 1500,
    "validate": 2000,
    "later validate": 25_000,
    "assign": 4000,
    "work": 3000,
    "later work": 30_000,
    "review": 5000,
    "later review": 35_000,
    "advise": 1700,
}
DURING_THE_WORK = frozenset(LENGTHS) - {"advise"}


def model(
    prices: tuple[float, float] | None, output_tokens: int = 16_384, questions: Iterable[str] = LENGTHS
) -> AuditedModel:
    known = Model(
        name="p/m",
        provider="p",
        available=True,
        detail="",
        context_tokens=200_000,
        input_usd_per_million=prices[0] if prices else None,
        output_usd_per_million=prices[1] if prices else None,
        rehearsal=False,
        output_tokens=output_tokens,
    )
    counted = tuple(CountedQuestion(name, LENGTHS[name]) for name in questions)
    return AuditedModel(known, (), (), counted, approximate=False, prices_from="", probed=None, passed_over=False)


def test_small_task_makes_four_calls_and_a_large_one_those_of_its_rounds() -> None:
    assert count_calls(fewest_calls(), DURING_THE_WORK) == 4
    # 12 workers work and 5 managers review three times, the managers assign once, seven repairs and one of the
    # scaffold, two verdicts, a grade and a plan.
    most = most_calls(Limits(), divided=True)
    assert count_calls(most, DURING_THE_WORK) == 12 * 3 + 5 * 3 + 5 + 7 + 1 + 2 + 1 + 1
    fewer = most_calls(Limits(review_rounds=1, fix_rounds=1), divided=True)
    assert count_calls(fewer, DURING_THE_WORK) == 12 + 5 + 5 + 3 + 1 + 2 + 1 + 1


def test_where_the_work_is_not_divided_one_works_and_nobody_reviews() -> None:
    # One works, seven repairs and one of the scaffold, two verdicts, a grade and a plan.
    assert count_calls(most_calls(Limits(), divided=False), DURING_THE_WORK) == 1 + 7 + 1 + 2 + 1 + 1


def test_only_calls_of_the_questions_that_are_looked_at_count() -> None:
    most = most_calls(Limits(), divided=True)
    assert count_calls(most, {"advise"}) == 1
    assert count_calls(most, {"review", "later review"}) == 5 * 3
    assert count_calls(fewest_calls(), {"assign"}) == 0


@pytest.mark.parametrize(
    ("calls", "prices", "cost"),
    [
        ([Calls(1, "grade", 100)], (3.0, 15.0), (500 * 3 + 100 * 15) / 1e6),
        ([Calls(2, "work", None)], (1.0, 0.0), 2 * 3000 / 1e6),
        ([Calls(2, "work", None)], (0.0, 1.0), 2 * 16_384 / 1e6),
        ([Calls(2, "work", 99_999)], (0.0, 1.0), 2 * 16_384 / 1e6),
        ([Calls(1, "grade", 100)], (0.0, 0.0), 0.0),
        ([Calls(1, "grade", 100)], None, None),
    ],
)
def test_cost_follows_from_calls_lengths_and_prices(
    calls: list[Calls], prices: tuple[float, float] | None, cost: float | None
) -> None:
    assert cost_usd(calls, model(prices)) == (None if cost is None else pytest.approx(cost))


@pytest.mark.parametrize("calls", [fewest_calls(), most_calls(Limits(), divided=True)], ids=["fewest", "most"])
def test_chains_of_the_roles_together_cost_what_one_chain_for_all_does(calls: tuple[Calls, ...]) -> None:
    chains = (
        ("grade", "plan", "validate", "later validate"),
        ("assign",),
        ("work", "later work"),
        ("review", "later review", "advise"),
    )
    costs = [cost_usd(calls, model((3.0, 15.0), questions=chain)) for chain in chains]
    assert sum(cost or 0.0 for cost in costs) == pytest.approx(cost_usd(calls, model((3.0, 15.0))))


def test_a_model_without_a_price_that_is_not_asked_costs_nothing() -> None:
    manager = model(None, questions=("assign",))
    assert cost_usd(fewest_calls(), manager) == 0.0
    assert cost_usd(most_calls(Limits(), divided=True), manager) is None


@given(st.floats(0, 100), st.floats(0, 100), st.integers(1, 200_000))
def test_the_least_never_costs_more_than_the_most(into: float, out: float, output_tokens: int) -> None:
    priced = model((into, out), output_tokens)
    least, most = cost_usd(fewest_calls(), priced), cost_usd(most_calls(Limits(), divided=True), priced)
    assert least is not None
    assert most is not None
    assert least <= most
