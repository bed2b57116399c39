"""`octractl budget`: what may be spent, what is, and raising it."""

import uuid
from typing import TYPE_CHECKING

import click

from octra_proto.v1 import budgets_pb2
from octractl.complete import complete_project, complete_task
from octractl.output import json_option, open_client, print_lines, print_words, say, terminal_width
from octractl.render.budget_page import budget_line, budget_table
from octractl.render.json_text import json_document

if TYPE_CHECKING:
    from octra_proto.v1.budgets_pb2 import BudgetScope

NO_BUDGET = "no budget limits this; see `budgets` in octrad's configuration, and octractl submit --budget"


@click.group(invoke_without_command=True)
@click.option("--task", default="", shell_complete=complete_task, help="Those that limit this task.")
@click.option("--project", default="", shell_complete=complete_project, help="Those that limit this project.")
@json_option
@click.pass_context
def command(ctx: click.Context, task: str, project: str, *, as_json: bool) -> None:
    """Show budgets and what is spent of them; `raise` sets a limit.

    Without an option: those of all tasks, your own, and those of what has not ended.
    """
    if ctx.invoked_subcommand is not None:
        return
    with open_client() as client:
        request = budgets_pb2.ListBudgetsRequest(task=task, project=project)
        answer = client.ask(client.budgets.ListBudgets, request)
    if as_json:
        print_lines([json_document(answer)])
    elif not answer.budgets:
        say(NO_BUDGET)
    else:
        print_lines(budget_table(answer.budgets, terminal_width()))


@command.command(name="raise")
@click.argument("words", metavar="[TASK] USD", nargs=-1, required=True)
@click.option("--project", default="", shell_complete=complete_project, help="The budget of this project.")
@click.option("--user", default="", help="The budget of this user for this month, by name or number.")
@click.option("--day", is_flag=True, help="The budget of all tasks for today (UTC).")
@click.option("--month", is_flag=True, help="The budget of all tasks for this month (UTC).")
@click.option("--request-id", default="", help="Raising again with the same id changes nothing.")
@json_option
def raise_budget(  # noqa: PLR0913 - one parameter an option
    words: tuple[str, ...], project: str, user: str, request_id: str, *, day: bool, month: bool, as_json: bool
) -> None:
    """Set the limit of a budget to USD, and let the tasks go on that wait for it.

    The budget is that of TASK, or the one that an option names. Takes the role admin.
    """
    scope, name = _target(words[:-1], project=project, user=user, day=day, month=month)
    request = budgets_pb2.RaiseBudgetRequest(
        request_id=request_id or str(uuid.uuid4()), scope=scope, name=name, limit_usd=_amount(words[-1])
    )
    with open_client() as client:
        answer = client.ask(client.budgets.RaiseBudget, request)
    if as_json:
        print_lines([json_document(answer)])
        return
    print_lines([budget_line(answer.budget)])
    print_words([f"task {task} goes on: octractl watch {task}" for task in answer.queued_tasks])


def _target(
    tasks: tuple[str, ...], *, project: str, user: str, day: bool, month: bool
) -> "tuple[BudgetScope.ValueType, str]":
    named = [
        *((budgets_pb2.BUDGET_SCOPE_TASK, task) for task in tasks),
        *([(budgets_pb2.BUDGET_SCOPE_PROJECT, project)] if project else []),
        *([(budgets_pb2.BUDGET_SCOPE_USER, user)] if user else []),
        *([(budgets_pb2.BUDGET_SCOPE_DAY, "")] if day else []),
        *([(budgets_pb2.BUDGET_SCOPE_MONTH, "")] if month else []),
    ]
    if len(named) != 1:
        raise click.UsageError("Name one budget: TASK, --project, --user, --day or --month; then the amount in USD.")
    return named[0]


def _amount(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise click.UsageError(f"`{word}` is no amount of US dollars, like 2.50.") from None
