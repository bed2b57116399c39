from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.gateway.calls import Mark, Outcome
from octrad.gateway.server.classify_failure import Failure
from octrad.gateway.server.provider_health import (
    DOWN_S,
    FAILURES_THAT_OPEN,
    OPEN_S,
    PROBE_S,
    PROBES,
    Asked,
    Health,
    begin,
    changed_mark,
    end,
    mark_of,
    note_answer,
    note_failure,
    note_mark,
)

NOW = 1000.0
ASKED = Asked("p", "p/x", "f1")
OTHER_MODEL = Asked("p", "p/y", "f1")
CHANGED = Asked("p", "p/x", "f2")
SERVER = Failure(Outcome.TRANSIENT, "server", "")
SCHEMA = Failure(Outcome.HALLUCINATION, "schema", "")


def rate(retry_after_s: float | None = None) -> Failure:
    return Failure(Outcome.RATE, "too_many_requests", "", retry_after_s)


def failed(failure: Failure, health: Health | None = None, at: float = NOW, *, left: bool = True) -> Health:
    return note_failure(health or Health(), failure, ASKED, at, left=left)


def opened() -> Health:
    health = Health()
    for _ in range(FAILURES_THAT_OPEN):
        health = failed(SERVER, health)
    return health


@pytest.mark.parametrize(
    ("failure", "until"),
    [
        (rate(90), NOW + 90),
        (rate(), NOW + 15),
        # One that asks for less and is left all the same does not mean it.
        (rate(0.1), NOW + 15),
        (rate(1e9), NOW + 24 * 3600),
    ],
)
def test_rate_limit_that_is_left_cools_the_provider_down(failure: Failure, until: float) -> None:
    health = failed(failure)
    assert mark_of(health, ASKED, NOW) == Mark("p", "", Outcome.RATE, until)
    assert mark_of(health, OTHER_MODEL, NOW) == mark_of(health, ASKED, NOW)
    assert mark_of(health, CHANGED, NOW) is not None
    assert mark_of(health, ASKED, until) is None


def test_rate_limit_that_is_waited_out_cools_nothing_down() -> None:
    assert mark_of(failed(rate(5), left=False), ASKED, NOW) is None


def test_cool_downs_in_a_row_grow_up_to_a_bound_and_an_answer_ends_the_row() -> None:
    health, at, lengths = Health(), NOW, []
    for _ in range(7):
        health = failed(rate(), health, at)
        mark = mark_of(health, ASKED, at)
        assert mark is not None
        lengths.append(mark.until - at)
        at = mark.until
    assert lengths == [15, 30, 60, 120, 240, 300, 300]
    again = mark_of(failed(rate(), note_answer(health, ASKED, at), at), ASKED, at)
    assert again is not None
    assert again.until == at + 15


def test_many_at_once_count_as_one() -> None:
    health = Health()
    for _ in range(8):
        health = failed(rate(), health)
    assert mark_of(health, ASKED, NOW) == Mark("p", "", Outcome.RATE, NOW + 15)
    # A longer retry-after is still news.
    assert mark_of(failed(rate(200), health), ASKED, NOW) == Mark("p", "", Outcome.RATE, NOW + 200)


def test_answer_to_an_earlier_request_does_not_end_a_cool_down() -> None:
    health = failed(rate(90))
    assert mark_of(note_answer(health, ASKED, NOW + 1), ASKED, NOW + 1) == mark_of(health, ASKED, NOW)


@pytest.mark.parametrize("outcome", [Outcome.AUTH, Outcome.BILLING])
def test_provider_is_down_until_its_key_or_configuration_changes(outcome: Outcome) -> None:
    health = failed(Failure(outcome, "", ""))
    assert mark_of(health, ASKED, NOW + DOWN_S - 1) == Mark("p", "", outcome, NOW + DOWN_S, "f1")
    assert mark_of(health, OTHER_MODEL, NOW) is not None
    assert mark_of(health, CHANGED, NOW) is None
    assert mark_of(health, ASKED, NOW + DOWN_S) is None
    assert mark_of(note_answer(health, ASKED, NOW), ASKED, NOW) is None


def test_unknown_model_is_down_and_the_others_of_its_provider_are_not() -> None:
    health = failed(Failure(Outcome.BAD_MODEL, "unknown_model", ""))
    mark = mark_of(health, ASKED, NOW)
    assert mark == Mark("p", "p/x", Outcome.BAD_MODEL, NOW + DOWN_S, "f1")
    assert mark_of(health, OTHER_MODEL, NOW) is None
    assert mark_of(health, CHANGED, NOW) is None
    assert mark_of(note_answer(health, OTHER_MODEL, NOW), ASKED, NOW) == mark
    assert mark_of(note_answer(health, ASKED, NOW), ASKED, NOW) is None


@pytest.mark.parametrize(
    "failure",
    [
        SCHEMA,
        Failure(Outcome.CONTEXT, "too_long", ""),
        Failure(Outcome.BAD_MODEL, "refused_request", ""),
        Failure(Outcome.BAD_MODEL, "parameter:temperature", ""),
    ],
)
def test_what_lies_with_the_question_marks_nobody(failure: Failure) -> None:
    assert mark_of(failed(failure), ASKED, NOW) is None


def test_breaker_opens_after_failures_in_a_row() -> None:
    health = Health()
    for _ in range(FAILURES_THAT_OPEN - 1):
        health = failed(SERVER, health)
    assert mark_of(health, ASKED, NOW) is None
    assert mark_of(failed(SERVER, health), ASKED, NOW) == Mark("p", "", Outcome.TRANSIENT, NOW + OPEN_S)


@pytest.mark.parametrize("failure", [SCHEMA, rate(), None])
def test_whatever_the_provider_says_ends_the_row_of_failures(failure: Failure | None) -> None:
    health = replace(Health(), failures=FAILURES_THAT_OPEN - 1)
    health = note_answer(health, ASKED, NOW) if failure is None else failed(failure, health, left=False)
    assert mark_of(failed(SERVER, health), ASKED, NOW) is None


def test_open_breaker_lets_a_few_probes_through_after_a_while() -> None:
    health, later = opened(), NOW + OPEN_S
    for _ in range(PROBES):
        assert mark_of(health, ASKED, later) is None
        health = begin(health)
    assert mark_of(health, ASKED, later) == Mark("p", "", Outcome.TRANSIENT, later + PROBE_S)
    # One that ended without a word, because it was cancelled, makes room for the next.
    assert mark_of(end(health), ASKED, later) is None
    assert mark_of(note_answer(end(health), ASKED, later), ASKED, later) is None
    again = mark_of(end(failed(SERVER, health, later)), ASKED, later)
    assert again == Mark("p", "", Outcome.TRANSIENT, later + OPEN_S)


def test_longer_mark_of_another_gateway_holds_and_a_shorter_one_does_not() -> None:
    health = failed(rate(90))
    longer, shorter = (Mark("p", "", Outcome.RATE, NOW + seconds) for seconds in (100, 80))
    assert mark_of(note_mark(health, longer), ASKED, NOW) == longer
    assert note_mark(health, shorter) == health
    of_model = Mark("p", "p/x", Outcome.BAD_MODEL, NOW + 100, "f1")
    assert mark_of(note_mark(Health(), of_model), ASKED, NOW) == of_model
    assert mark_of(note_mark(Health(), of_model), CHANGED, NOW) is None


def test_change_of_a_mark_is_told_and_what_others_cannot_use_is_not() -> None:
    down = failed(Failure(Outcome.AUTH, "key", ""))
    mark = mark_of(down, ASKED, NOW)
    assert changed_mark(Health(), down, ASKED, NOW) == mark
    assert changed_mark(down, down, ASKED, NOW) is None
    assert changed_mark(down, Health(), ASKED, NOW + 1) == Mark("p", "", Outcome.AUTH, NOW + 1, "f1")
    # That we cannot reach it is no news for another machine.
    assert changed_mark(Health(), opened(), ASKED, NOW) is None


EVENTS = st.lists(
    st.tuples(st.sampled_from([None, SERVER, SCHEMA, rate(), rate(90)]), st.floats(0, 200), st.booleans()), max_size=60
)


@given(EVENTS)
def test_every_provider_may_be_asked_again_some_day(events: list[tuple[Failure | None, float, bool]]) -> None:
    health, at = Health(), NOW
    for failure, later_s, left in events:
        at += later_s
        health = begin(health)
        health = note_answer(health, ASKED, at) if failure is None else failed(failure, health, at, left=left)
        health = end(health)
        assert health.probes == 0
    mark = mark_of(health, ASKED, at)
    assert mark is None or at < mark.until <= at + 300
    assert mark is None or mark_of(health, ASKED, mark.until) is None
