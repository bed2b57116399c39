"""Budgets through real gRPC: what no client of ours sends is refused with words and a field."""

from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from octra_proto.v1 import budgets_pb2, budgets_pb2_grpc
from tests.integration.api.conftest import reason_and_field

if TYPE_CHECKING:
    from octra_proto.v1.budgets_pb2_grpc import BudgetServiceAsyncStub

DAY, TASK, USER = budgets_pb2.BUDGET_SCOPE_DAY, budgets_pb2.BUDGET_SCOPE_TASK, budgets_pb2.BUDGET_SCOPE_USER


@pytest.fixture
def budgets(channel: grpc.aio.Channel) -> "BudgetServiceAsyncStub":
    return budgets_pb2_grpc.BudgetServiceStub(channel)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "scope"),
        ({"scope": 99}, "scope"),
        ({"scope": DAY, "name": "x"}, "name"),
        ({"scope": TASK}, "name"),
        ({"scope": USER, "name": ""}, "name"),
        ({"scope": USER, "name": "4294967295"}, "name"),
        ({"scope": USER, "name": "a\0b"}, "name"),
        ({"scope": DAY, "limit_usd": 0}, "limit_usd"),
        ({"scope": DAY, "limit_usd": -1}, "limit_usd"),
        ({"scope": DAY, "limit_usd": float("nan")}, "limit_usd"),
        ({"scope": DAY, "request_id": "\n"}, "request_id"),
    ],
)
async def test_a_bad_raise_is_refused(budgets: "BudgetServiceAsyncStub", fields: dict[str, Any], field: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await budgets.RaiseBudget(budgets_pb2.RaiseBudgetRequest(**({"limit_usd": 1.0} | fields)))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    reason, hint, named = reason_and_field(caught.value)
    assert (reason, named) == ("invalid_request", field)
    assert hint


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"by": 99}, "by"),
        ({"since": Timestamp(seconds=2**62)}, "since"),
        ({"project": "My Project"}, "project"),
    ],
)
async def test_bad_sums_are_refused(budgets: "BudgetServiceAsyncStub", fields: dict[str, Any], field: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await budgets.SumCosts(budgets_pb2.SumCostsRequest(**fields))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason_and_field(caught.value)[2] == field


async def test_a_list_is_of_a_task_or_of_a_project(budgets: "BudgetServiceAsyncStub") -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await budgets.ListBudgets(budgets_pb2.ListBudgetsRequest(task="a", project="b"))
    assert reason_and_field(caught.value)[2] == "project"
    assert not (await budgets.ListBudgets(budgets_pb2.ListBudgetsRequest())).budgets
