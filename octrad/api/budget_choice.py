"""Which budget a request means."""

import asyncio
from datetime import datetime

from octra_proto.v1 import budgets_pb2
from octrad.api.project_name import require_project_name
from octrad.api.task_name import find_named_task
from octrad.foundation.accounts import find_uid, user_name
from octrad.foundation.config import Budgets
from octrad.foundation.errors import ConfigurationError, ConflictError, InvalidRequestError
from octrad.foundation.postgres.pool import Database
from octrad.tasks.budget import Budget, Scope, Subject, common_budgets, project_budget, task_budget, user_budget
from octrad.tasks.list_budgets import require_project

_SCOPE_PREFIX = "BUDGET_SCOPE_"
# A kernel's uid.
_GREATEST_UID = 2**32 - 2
# Where the configuration gives a budget of each scope its limit.
_KEYS = {
    Scope.TASK: "task_usd",
    Scope.PROJECT: "project_usd",
    Scope.USER: "user_usd_a_month",
    Scope.DAY: "day_usd",
    Scope.MONTH: "month_usd",
}


class NoBudgetError(ConflictError):
    """Nothing limits this, so there is no limit to be raised."""

    code = "no_budget"


def scope_message(scope: Scope) -> "budgets_pb2.BudgetScope.ValueType":
    """A scope as the API's enum."""
    return budgets_pb2.BudgetScope.Value(f"{_SCOPE_PREFIX}{scope.name}")


async def find_budget(
    database: Database, message: budgets_pb2.RaiseBudgetRequest, configured: Budgets, now: datetime
) -> Budget:
    """The budget that is to be raised.

    Raises:
        InvalidRequestError: the request names none, or one that cannot be.
        NotFoundError: there is no such task or project.
        NoBudgetError: nothing limits it.
    """
    scope = _scope_of(message.scope)
    budget = await _find(database, scope, message.name, configured, now)
    if budget is None:
        key = f"budgets.{_KEYS[scope]}"
        what = {Scope.DAY: "a day", Scope.MONTH: "a month"}.get(scope, f"the {scope} `{message.name}`")
        hint = f"`{key}` in octrad's configuration limits it" + (
            ", or `octractl submit --budget`" if scope is Scope.TASK else ""
        )
        raise NoBudgetError(f"no budget limits {what}", hint=hint)
    return budget


async def _find(database: Database, scope: Scope, name: str, configured: Budgets, now: datetime) -> Budget | None:
    match scope:
        case Scope.TASK:
            return task_budget(Subject.of(await find_named_task(database, name, field="name")), configured)
        case Scope.PROJECT:
            require_project_name(name)
            await require_project(database, name)
            return project_budget(name, configured)
        case Scope.USER:
            uid = await asyncio.to_thread(_uid_of, name)
            return user_budget(uid, await asyncio.to_thread(user_name, uid), configured, now)
        case Scope.DAY | Scope.MONTH:
            _require_no_name(scope, name)
            return next((budget for budget in common_budgets(configured, now) if budget.scope is scope), None)


def _scope_of(message: "budgets_pb2.BudgetScope.ValueType") -> Scope:
    name = budgets_pb2.BudgetScope.Name(message) if message in budgets_pb2.BudgetScope.values() else ""
    scope = Scope.__members__.get(name.removeprefix(_SCOPE_PREFIX))
    if scope is None:
        known = ", ".join(one.value for one in Scope)
        raise InvalidRequestError("scope says of no budget which it is", field="scope", hint=f"known: {known}")
    return scope


def _require_no_name(scope: Scope, name: str) -> None:
    if name:
        raise InvalidRequestError(f"the budget of a {scope} has no name", field="name", hint="leave it out")


def _uid_of(name: str) -> int:
    if name.isascii() and name.isdigit() and len(name) <= len(str(_GREATEST_UID)) and int(name) <= _GREATEST_UID:
        return int(name)
    try:
        return find_uid(name, "name")
    except ConfigurationError as error:
        raise InvalidRequestError(
            f"this machine has no user `{name[:80]}`", field="name", hint="a name, or the number of a user"
        ) from error
