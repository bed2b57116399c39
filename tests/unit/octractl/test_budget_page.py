"""What `octractl budget` and `octractl cost` print, and the moments that --since means."""

import datetime as dt

import click
import pytest

from octra_proto.v1 import budgets_pb2 as pb
from octractl.commands.cost import parse_since
from octractl.render.budget_page import budget_line, budget_table, cost_table

NOW = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)


def test_budgets_stand_in_a_table() -> None:
    budgets = [
        pb.Budget(scope=pb.BUDGET_SCOPE_MONTH, period="2026-11", limit_usd=300, spent_usd=12.5, reserved_usd=0.25),
        pb.Budget(
            scope=pb.BUDGET_SCOPE_USER, name="1000", user="an\x1b[2Jna", period="2026-11", limit_usd=1, spent_usd=1.5
        ),
        pb.Budget(scope=pb.BUDGET_SCOPE_TASK, name="k7f3", limit_usd=2),
    ]
    assert budget_table(budgets) == [
        "BUDGET  OF           PERIOD   LIMIT    SPENT   RESERVED  USED",
        "month   all tasks    2026-11  $300.00  $12.50  $0.2500   4 %",
        r"user    an\x1b[2Jna  2026-11  $1.00    $1.50   $0        150 %",
        "task    k7f3         -        $2.00    $0      $0        0 %",
    ]
    assert budget_line(budgets[0]) == "month budget 2026-11: $12.50 of $300.00 is spent"
    assert budget_line(budgets[2]) == "task budget k7f3: $0 of $2.00 is spent"


def test_costs_end_with_a_total_and_tell_unpriced_from_nothing() -> None:
    answer = pb.SumCostsResponse(
        costs=[
            pb.Cost(key="a/b", calls=4, failed_calls=1, input_tokens=1500, cached_tokens=1000, cost_usd=1.25),
            pb.Cost(key="own/free", calls=1, cost_usd=0),
            pb.Cost(key="lo\ncal", calls=2, unpriced_calls=2, output_tokens=7),
            pb.Cost(key="away", calls=1, failed_calls=1),
        ],
        total=pb.Cost(calls=8, failed_calls=2, unpriced_calls=2, input_tokens=1500, output_tokens=7, cost_usd=1.25),
    )
    assert cost_table(answer, "model") == [
        "MODEL     COST      CALLS  FAILED  UNPRICED  TOKENS IN  CACHED  OUT",
        "a/b       $1.25     4      1       0         1.5k       1.0k    0",
        "own/free  $0        1      0       0         0          0       0",
        "lo cal    unpriced  2      0       2         0          0       7",
        "away      -         1      1       0         0          0       0",
        "total     $1.25     8      2       2         1.5k       0       7",
    ]


@pytest.mark.parametrize(
    ("word", "since"),
    [
        ("2026-11-01", dt.datetime(2026, 11, 1, tzinfo=dt.UTC)),
        ("7d", NOW - dt.timedelta(days=7)),
        ("12h", NOW - dt.timedelta(hours=12)),
    ],
)
def test_since_is_a_date_or_a_span(word: str, since: dt.datetime) -> None:
    assert parse_since(word, NOW) == since


@pytest.mark.parametrize("word", ["yesterday", "7", "-1d", "2026-13-01", "999999999d", "7 d"])
def test_since_that_means_no_moment_is_refused(word: str) -> None:
    with pytest.raises(click.BadParameter, match="neither a date"):
        parse_since(word, NOW)
