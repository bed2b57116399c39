"""What the configuration may not hold is refused by the name of its key."""

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


OPENAI = '[providers.openai]\nkind = "openai"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'{OPENAI}base_url = "api.openai.com/v1"', "`providers.openai.base_url`: 'api.openai.com/v1' is not a URL"),
        (f'{OPENAI}base_url = "ftp://api.openai.com"', "`providers.openai.base_url`: 'ftp://"),
        (f'{OPENAI}base_url = "http://"', "is not a URL like http://127.0.0.1:8000/v1"),
        (f'{OPENAI}base_url = "http://a:port/v1"', "is not a URL"),
        (f'{OPENAI}base_url = "http://[::1/v1"', "is not a URL"),
        (f'{OPENAI}base_url = "http://a/v1 "', "is not a URL"),
        (f"{OPENAI}calls_at_once = 0", "`providers.openai.calls_at_once`: input should be greater than 0"),
        (f"{OPENAI}requests_per_minute = -1", "`providers.openai.requests_per_minute`"),
        (f"{OPENAI}request_per_minute = 1", "did you mean `requests_per_minute`?"),
        ('[models]\nchain = ["a/x", "b/x", "a/x"]', "`models.chain`: 'a/x' is named twice"),
        ('[models.roles]\nworker = ["a/x", "a/x"]', "`models.roles.worker`: 'a/x' is named twice"),
        ('[models.roles]\nworkers = ["a/x"]', "`models.roles.workers` is not a key (did you mean `worker`?)"),
        ("[models]\nhops = 0", "`models.hops`"),
        ("[models]\nlong_timeout_s = 0", "`models.long_timeout_s`"),
    ],
)
def test_what_a_configuration_may_not_hold_is_named(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_config(text)
    assert words in caught.value.message


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:8000/v1", "https://api.openai.com/v1", "http://[::1]:80"])
def test_a_url_is_taken_as_it_is(url: str) -> None:
    assert parse_config(f'{OPENAI}base_url = "{url}"').providers["openai"].base_url == url


def test_a_role_without_a_chain_has_that_of_all() -> None:
    models = parse_config('[models]\nchain = ["a/x"]\n[models.roles]\nworker = ["b/y", "a/x"]').models
    assert models.chain_of("worker") == ("b/y", "a/x")
    assert models.chain_of("boss") == models.chain_of("") == ("a/x",)
    assert models.chains == {"models.chain": ("a/x",), "models.roles.worker": ("b/y", "a/x")}
