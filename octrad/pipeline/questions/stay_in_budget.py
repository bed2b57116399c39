"""Asks for room in the task's budgets before a model is asked, and waits for calls that are under way to make some."""

from datetime import UTC, datetime

from octrad.gateway.calls import Completion
from octrad.pipeline.questions.estimate_call import most_usd
from octrad.pipeline.task_run import TaskRun
from octrad.tasks.budget import Budget, Standing, Subject, budgets_of
from octrad.tasks.journal import StepPostponedError
from octrad.tasks.journal_step import Step
from octrad.tasks.reserve_call import wait_for_room


class BudgetUsedUpError(StepPostponedError):
    """A budget of the task has no room for another call."""

    code = "budget_used_up"

    def __init__(self, full: Standing) -> None:
        super().__init__(f"the {full.budget.words} is used up: {full.amounts}")
        self.full = full


async def stay_in_budget(run: TaskRun, step: Step, completion: Completion) -> None:
    """Returns when the step may put its question. What that may cost is reserved until the step is recorded.

    Where nothing limits the task, nothing is asked of anybody.

    Raises:
        BudgetUsedUpError: a budget has no room, and no call is under way that could make some.
        StaleLeaseError: the task has another owner, or none.
        UnavailableError: the gateway, which knows the prices, cannot be reached.
    """
    if not _budgets(run):
        return
    most = most_usd(completion, await run.tools.prices.models(completion.chain))
    full = await wait_for_room(run.tools.database, run.lease, step.name, lambda: _budgets(run), most)
    if full is not None:
        raise BudgetUsedUpError(full)


def _budgets(run: TaskRun) -> tuple[Budget, ...]:
    return budgets_of(Subject.of(run.task), run.settings.current.budgets, datetime.now(UTC))
