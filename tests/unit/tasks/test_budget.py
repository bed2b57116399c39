"""Which budgets limit a task, and whether its next call may be made."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from octrad.foundation.config import Budgets
from octrad.foundation.ids import TaskId
from octrad.tasks.budget import (
    Admitted,
    Budget,
    Refused,
    Scope,
    Standing,
    Subject,
    Verdict,
    Wait,
    budgets_of,
    judge,
    pause_note,
    raise_command,
    warning,
)

# In New Zealand it is December already; budgets go by UTC.
NOW = datetime(2026, 12, 1, 9, 30, tzinfo=timezone(timedelta(hours=13)))
ALL = Budgets(task_usd=2, project_usd=50, user_usd_a_month=100, day_usd=20, month_usd=300)


def subject(budget_usd: float | None = None, user_name: str = "anna") -> Subject:
    return Subject(TaskId("k7f3"), "shop", 1000, user_name, budget_usd)


def standing(spent: float, reserved: float = 0, in_flight: float = 0, *, scope: Scope = Scope.TASK) -> Standing:
    """Of a limit of a dollar."""
    return Standing(Budget(scope, "x", "", None, 1.0, "x"), 1.0, spent, reserved, in_flight)


def test_without_limits_nothing_limits_a_task() -> None:
    assert budgets_of(subject(), Budgets(), NOW) == ()


def test_each_scope_has_its_name_and_its_period_in_utc() -> None:
    midnight, first = datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    assert budgets_of(subject(), ALL, NOW) == (
        Budget(Scope.TASK, "k7f3", "", None, 2),
        Budget(Scope.PROJECT, "shop", "", None, 50),
        Budget(Scope.USER, "1000", "2026-11", first, 100),
        Budget(Scope.DAY, "", "2026-11-30", midnight, 20),
        Budget(Scope.MONTH, "", "2026-11", first, 300),
    )


@pytest.mark.parametrize(
    ("asked", "configured", "limit"),
    [(None, 2.0, 2.0), (0.5, 2.0, 0.5), (5.0, 2.0, 2.0), (5.0, None, 5.0)],
)
def test_the_lower_of_the_request_and_the_configuration_limits_a_task(
    asked: float | None, configured: float | None, limit: float
) -> None:
    [budget] = budgets_of(subject(asked), Budgets(task_usd=configured), NOW)
    assert budget.limit_usd == limit


@pytest.mark.parametrize(
    ("standings", "others", "verdict"),
    [
        ([], False, Admitted()),
        ([standing(0)], False, Admitted()),
        ([standing(0.999)], False, Admitted()),
        ([standing(1)], False, Refused(standing(1))),
        ([standing(1.5)], False, Refused(standing(1.5))),
        # What is reserved by calls that are under way may turn out to cost little.
        ([standing(0.2, reserved=0.7, in_flight=0.7)], False, Admitted()),
        ([standing(0.2, reserved=0.8, in_flight=0.8)], False, Wait()),
        ([standing(0.2, reserved=5, in_flight=5)], True, Wait()),
        # What an owner of before reserved may never be heard of: nobody waits for it.
        ([standing(0.2, reserved=0.8)], False, Refused(standing(0.2, reserved=0.8))),
        ([standing(0.2, reserved=0.8, in_flight=0.1)], False, Wait()),
        # Whose answers are on the way is not paused before they are there.
        ([standing(1, reserved=0.1, in_flight=0.1)], True, Wait()),
        ([standing(1, reserved=0.1, in_flight=0.1)], False, Refused(standing(1, reserved=0.1, in_flight=0.1))),
        # The strictest counts, and the first that is full is told of.
        ([standing(0), standing(0.9, 0.1, 0.1)], False, Wait()),
        ([standing(0.9, 0.1, 0.1), standing(1)], False, Refused(standing(1))),
        ([standing(1, scope=Scope.DAY), standing(2)], False, Refused(standing(1, scope=Scope.DAY))),
    ],
)
def test_verdict(standings: list[Standing], others: bool, verdict: Verdict) -> None:  # noqa: FBT001 - a row of the table
    assert judge(standings, others_in_flight=others) == verdict


@pytest.mark.parametrize(("spent", "warned"), [(0.79, False), (0.8, True), (1.2, True)])
def test_warns_from_eighty_per_cent_on(spent: float, warned: bool) -> None:  # noqa: FBT001 - as above
    assert standing(spent).is_nearly_reached is warned


@pytest.mark.parametrize(
    ("number", "words", "command", "by_itself"),
    [
        (0, "budget of task k7f3", "octractl budget raise k7f3 4", ""),
        (1, "budget of project shop", "octractl budget raise --project shop 100", ""),
        (2, "budget of user anna for 2026-11", "octractl budget raise --user anna 200", "next month"),
        (3, "budget of all tasks for 2026-11-30", "octractl budget raise --day 40", "next day"),
        (4, "budget of all tasks for 2026-11", "octractl budget raise --month 600", "next month"),
    ],
)
def test_a_pause_names_the_budget_the_amounts_and_one_command(
    number: int, words: str, command: str, by_itself: str
) -> None:
    budget = budgets_of(subject(), ALL, NOW)[number]
    full = Standing(budget, budget.limit_usd, budget.limit_usd)
    note = pause_note(full)
    assert f"The {words} is used up: ${budget.limit_usd:.2f} of ${budget.limit_usd:.2f} is spent." in note
    assert by_itself in note
    assert ("by itself" in note) == bool(by_itself)
    assert raise_command(full) == command


def test_the_command_can_be_typed_whatever_the_user_is_called() -> None:
    budget = budgets_of(subject(user_name="an na$"), ALL, NOW)[2]
    assert raise_command(Standing(budget, 1, 1)) == "octractl budget raise --user 'an na$' 2"


def test_a_user_without_a_name_is_raised_by_number() -> None:
    budget = budgets_of(subject(user_name=""), ALL, NOW)[2]
    assert budget.words == "budget of user uid 1000 for 2026-11"
    assert raise_command(Standing(budget, 1, 1)) == "octractl budget raise --user 1000 2"


def test_the_proposed_limit_is_above_what_is_spent_and_never_nothing() -> None:
    assert raise_command(standing(7.333)).endswith(" 14.67")
    small = Standing(Budget(Scope.TASK, "x", "", None, 0.0004, "x"), 0.0004, 0.0005)
    assert raise_command(small).endswith(" 0.01")
    assert "$0.0005 of $0.0004 is spent" in pause_note(small)


def test_a_warning_names_the_share_and_the_amounts() -> None:
    assert warning(standing(0.8123)) == "the budget of task x is used to 81 %: $0.8123 of $1.00 is spent"
