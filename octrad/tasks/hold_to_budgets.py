"""Holds a question that a person asks about a task to its budgets. It is no step, and nothing is reserved for it.

So each such question overshoots a budget by one call at most; those of a run's steps are `reserve_call.py`'s.
"""

from collections.abc import Sequence

from octrad.foundation.errors import ExhaustedError
from octrad.foundation.postgres.pool import Database
from octrad.tasks.budget import Budget, raise_command
from octrad.tasks.budget_standing import read_standings


class BudgetReachedError(ExhaustedError):
    """A budget is used up; it has room again with time, or when it is raised."""

    code = "budget_reached"


async def hold_to_budgets(database: Database, budgets: Sequence[Budget]) -> None:
    """Accepts one model call more.

    Args:
        database: the truth.
        budgets: all that limit the task.

    Raises:
        BudgetReachedError: one of them is used up; the error says which, and how to raise it.
    """
    if not budgets:
        return
    async with database.connection() as connection:
        standings = await read_standings(connection, budgets)
    full = next((standing for standing in standings if not standing.has_room), None)
    if full is not None:
        raise BudgetReachedError(f"the {full.budget.words} is used up: {full.amounts}", hint=raise_command(full))
