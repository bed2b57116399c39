"""The BudgetService: how budgets stand, raising them, and what calls have cost."""

from datetime import UTC, datetime
from typing import Any

import grpc

from octra_proto.v1 import budgets_pb2, budgets_pb2_grpc
from octrad.api.authorise import current_caller
from octrad.api.budget_choice import find_budget, scope_message
from octrad.api.parts import Parts
from octrad.api.project_name import require_project_name
from octrad.api.request_id import require_request_id
from octrad.api.task_name import find_named_task
from octrad.api.usd_amount import require_usd
from octrad.foundation.errors import InvalidRequestError
from octrad.tasks.budget import Scope, Standing, Subject, budgets_of, common_budgets, project_budget
from octrad.tasks.cost_sums import Cost, CostGroup, sum_costs
from octrad.tasks.list_budgets import list_budgets, list_current_budgets, require_project
from octrad.tasks.pause_task import resume_paused
from octrad.tasks.raise_budget import raise_budget

Context = grpc.aio.ServicerContext[Any, Any]
_GROUP_PREFIX = "COST_GROUP_"


class BudgetServicer(budgets_pb2_grpc.BudgetServiceServicer):
    """Budgets over gRPC. What its methods raise becomes a status in `guard_handlers`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._database = parts.database

    async def ListBudgets(
        self, request: budgets_pb2.ListBudgetsRequest, context: Context
    ) -> budgets_pb2.ListBudgetsResponse:
        standings = await self._standings(request)
        return budgets_pb2.ListBudgetsResponse(budgets=[_budget_message(standing) for standing in standings])

    async def RaiseBudget(
        self, request: budgets_pb2.RaiseBudgetRequest, context: Context
    ) -> budgets_pb2.RaiseBudgetResponse:
        require_request_id(request.request_id)
        limit_usd = require_usd(request.limit_usd, "limit_usd")
        configured, now = self._parts.config.budgets, datetime.now(UTC)
        budget = await find_budget(self._database, request, configured, now)
        standing = await raise_budget(
            self._database, budget, limit_usd, request_id=request.request_id, uid=current_caller().uid
        )
        queued = await resume_paused(self._database, configured, now)
        return budgets_pb2.RaiseBudgetResponse(budget=_budget_message(standing), queued_tasks=queued)

    async def SumCosts(self, request: budgets_pb2.SumCostsRequest, context: Context) -> budgets_pb2.SumCostsResponse:
        if request.project:
            await self._require_project(request.project)
        sums = await sum_costs(self._database, _group_of(request.by), since=_since_of(request), project=request.project)
        return budgets_pb2.SumCostsResponse(
            costs=[_cost_message(cost) for cost in sums.costs], total=_cost_message(sums.total)
        )

    async def _standings(self, request: budgets_pb2.ListBudgetsRequest) -> tuple[Standing, ...]:
        configured, now = self._parts.config.budgets, datetime.now(UTC)
        if request.task and request.project:
            raise InvalidRequestError("name a task or a project, not both", field="project")
        if request.task:
            task = await find_named_task(self._database, request.task)
            return await list_budgets(self._database, budgets_of(Subject.of(task), configured, now))
        if request.project:
            await self._require_project(request.project)
            own = project_budget(request.project, configured)
            budgets = (*common_budgets(configured, now), *([own] if own else []))
            return await list_budgets(self._database, budgets)
        caller = current_caller()
        return await list_current_budgets(self._database, configured, now, uid=caller.uid, user_name=caller.name)

    async def _require_project(self, project: str) -> None:
        require_project_name(project)
        await require_project(self._database, project)


def _since_of(request: budgets_pb2.SumCostsRequest) -> datetime | None:
    if not request.HasField("since"):
        return None
    try:
        return request.since.ToDatetime(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidRequestError("since is no moment between the years 1 and 9999", field="since") from error


def _group_of(message: "budgets_pb2.CostGroup.ValueType") -> CostGroup:
    if message == budgets_pb2.COST_GROUP_UNSPECIFIED:
        return CostGroup.TASK
    name = budgets_pb2.CostGroup.Name(message) if message in budgets_pb2.CostGroup.values() else ""
    group = CostGroup.__members__.get(name.removeprefix(_GROUP_PREFIX))
    if group is None:
        known = ", ".join(one.value for one in CostGroup)
        raise InvalidRequestError(f"by {message} makes no groups", field="by", hint=f"known: {known}")
    return group


def _budget_message(standing: Standing) -> budgets_pb2.Budget:
    budget = standing.budget
    return budgets_pb2.Budget(
        scope=scope_message(budget.scope),
        name=budget.name,
        period=budget.period,
        limit_usd=standing.limit_usd,
        spent_usd=standing.spent_usd,
        reserved_usd=standing.reserved_usd,
        user=budget.called if budget.scope is Scope.USER else "",
    )


def _cost_message(cost: Cost) -> budgets_pb2.Cost:
    return budgets_pb2.Cost(
        key=cost.key,
        calls=cost.calls,
        failed_calls=cost.failed_calls,
        unpriced_calls=cost.unpriced_calls,
        input_tokens=cost.input_tokens,
        output_tokens=cost.output_tokens,
        cached_tokens=cost.cached_tokens,
        cost_usd=cost.cost_usd,
    )
