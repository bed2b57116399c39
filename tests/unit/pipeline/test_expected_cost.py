"""How many calls a task makes and what they cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.foundation.config import Limits
from octrad.gateway.audits import AuditedModel, CountedQuestion
from octrad.gateway.calls import Model
from octrad.pipeline.expected_cost import Calls, cost_usd, count_calls, fewest_calls, most_calls

LENGTHS = {"grade": 500, "plan": 1500, "work": 3000, "later work": 30_000}


def model(prices: tuple[float, float] | None, output_tokens: int = 16_384) -> AuditedModel:
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
    questions = tuple(CountedQuestion(name, tokens) for name, tokens in LENGTHS.items())
    return AuditedModel(known, (), (), questions, output_tokens, approximate=False, prices_from="", probed=None)


def test_small_task_makes_four_calls_and_a_large_one_those_of_its_rounds() -> None:
    assert count_calls(fewest_calls()) == 4
    # 12 workers work and 5 managers review three times, the managers assign once, seven repairs and one of the
    # scaffold, two verdicts, a grade and a plan.
    assert count_calls(most_calls(Limits())) == 12 * 3 + 5 * 3 + 5 + 7 + 1 + 2 + 1 + 1
    fewer = Limits(review_rounds=1, fix_rounds=1)
    assert count_calls(most_calls(fewer)) == 12 + 5 + 5 + 3 + 1 + 2 + 1 + 1


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


@given(st.floats(0, 100), st.floats(0, 100), st.integers(1, 200_000))
def test_the_least_never_costs_more_than_the_most(into: float, out: float, output_tokens: int) -> None:
    priced = model((into, out), output_tokens)
    least, most = cost_usd(fewest_calls(), priced), cost_usd(most_calls(Limits()), priced)
    assert least is not None
    assert most is not None
    assert least <= most
