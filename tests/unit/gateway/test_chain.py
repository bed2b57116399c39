import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.gateway.calls import Outcome
from octrad.gateway.server.chain import MOST_HOPS, Ask, GiveUp, Tried, next_move
from octrad.gateway.server.classify_failure import Failure

RATE = Failure(Outcome.RATE, "too_many_requests", "")
TRANSIENT = Failure(Outcome.TRANSIENT, "server", "")
TIMEOUT = Failure(Outcome.TRANSIENT, "timeout", "")
AUTH = Failure(Outcome.AUTH, "key", "")
SCHEMA = Failure(Outcome.HALLUCINATION, "schema", "")
REFUSAL = Failure(Outcome.HALLUCINATION, "refusal", "")
FORMAT = Failure(Outcome.BAD_MODEL, "parameter:response_format", "")
TEMPERATURE = Failure(Outcome.BAD_MODEL, "parameter:temperature", "")


def rate(retry_after_s: float) -> Failure:
    return Failure(Outcome.RATE, "too_many_requests", "", retry_after_s)


def move(*failures: Failure, models: int = 2, total_s: float = 600.0, took_s: float = 0.1) -> Ask | GiveUp:
    """What follows failures of the first model."""
    return next_move(models, [Tried(0, failure, took_s) for failure in failures], total_s)


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        ([], Ask(0)),
        ([rate(5)], Ask(0, 5)),
        ([RATE], Ask(0, 2)),
        ([RATE, RATE], Ask(0, 8)),
        ([RATE, RATE, RATE], Ask(1)),
        ([rate(60)], Ask(0, 60)),
        ([rate(61)], Ask(1)),
        ([TRANSIENT], Ask(0, 0.25)),
        ([TRANSIENT, TRANSIENT], Ask(0, 1)),
        ([TRANSIENT, TRANSIENT, TRANSIENT], Ask(1)),
        ([TIMEOUT], Ask(1)),
        ([AUTH], Ask(1)),
        ([SCHEMA], Ask(0, repair=True)),
        ([SCHEMA, SCHEMA], Ask(1)),
        ([SCHEMA, RATE], Ask(0, 2, repair=True)),
        ([RATE, SCHEMA, SCHEMA], Ask(1)),
        ([REFUSAL], Ask(1)),
        ([FORMAT], Ask(0, without="response_format")),
        ([FORMAT, TEMPERATURE], Ask(0, without="temperature")),
        ([FORMAT, FORMAT], Ask(1)),
    ],
)
def test_next_move_after_failures_of_one_model(failures: list[Failure], expected: Ask) -> None:
    assert move(*failures) == expected


def test_end_of_the_chain_gives_up() -> None:
    assert move(AUTH, models=1) == GiveUp("end_of_chain")


def test_timeout_is_repeated_once_where_there_is_no_other_model() -> None:
    assert move(TIMEOUT, models=1) == Ask(0, 0.25)
    assert move(TIMEOUT, TIMEOUT, models=1) == GiveUp("end_of_chain")


def test_no_time_left_gives_up() -> None:
    assert move(SCHEMA, took_s=5, total_s=5) == GiveUp("total_timeout")


def test_wait_that_the_total_does_not_allow_is_hopped_over() -> None:
    assert move(rate(50), total_s=40) == Ask(1)


OUTCOMES = st.sampled_from([RATE, TRANSIENT, TIMEOUT, AUTH, SCHEMA, REFUSAL, FORMAT, TEMPERATURE, rate(1), rate(100)])


@given(st.integers(1, 20), st.lists(OUTCOMES, min_size=200, max_size=200))
def test_every_chain_ends_and_never_goes_back(models: int, failures: list[Failure]) -> None:
    tried: list[Tried] = []
    for failure in failures:
        following = next_move(models, tried, 1e9)
        if isinstance(following, GiveUp):
            break
        assert following.hop < min(models, MOST_HOPS)
        assert not tried or 0 <= following.hop - tried[-1].hop <= 1
        tried.append(Tried(following.hop, failure, 0.1))
    else:
        raise AssertionError
