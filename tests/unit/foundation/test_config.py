"""Amounts in the configuration: what is none is refused by the name of its key."""

import pytest

from octrad.foundation.config import Budgets, parse_config
from octrad.foundation.errors import ConfigurationError


def test_budgets_limit_nothing_unless_they_are_given() -> None:
    assert parse_config("").budgets == Budgets()
    assert parse_config("[budgets]\nday_usd = 2.5\n").budgets == Budgets(day_usd=2.5)


@pytest.mark.parametrize("key", Budgets.model_fields)
@pytest.mark.parametrize("amount", ["-1", "0", "inf", "nan", '"much"'])
def test_a_budget_that_is_no_amount_is_refused_by_name(key: str, amount: str) -> None:
    with pytest.raises(ConfigurationError, match=f"`budgets.{key}`: input should be"):
        parse_config(f"[budgets]\n{key} = {amount}\n")


@pytest.mark.parametrize(
    ("prices", "words"),
    [
        ("[-1, 2.0]", r"the price of `a/b` is -1 and 2; each must be at least 0"),
        ("[1.0, inf]", r"the price of `a/b` is 1 and inf"),
        ("[1.0, nan]", r"the price of `a/b` is 1 and nan"),
        ('["much", 2.0]', r"prices_usd_per_million\.a/b\.0`: input should be a valid number"),
        ("[1.0]", r"prices_usd_per_million\.a/b\.1`: field required"),
        ("3", r"prices_usd_per_million\.a/b`: input should be a list"),
    ],
)
def test_a_price_that_is_none_is_refused_by_the_name_of_its_model(prices: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        parse_config(f'[models]\nprices_usd_per_million = {{ "a/b" = {prices} }}\n')


def test_a_model_may_cost_nothing() -> None:
    models = parse_config('[models]\nprices_usd_per_million = { "a/b" = [0, 0.5] }\n').models
    assert models.prices_usd_per_million == {"a/b": (0.0, 0.5)}
