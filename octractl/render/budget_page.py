"""Budgets and costs as text. Pure."""

from collections.abc import Sequence

from octra_proto.v1 import budgets_pb2
from octractl.render import figures
from octractl.render.clean_text import clean_line
from octractl.render.table import layout_table

_SCOPE_PREFIX = "BUDGET_SCOPE_"


def budget_table(budgets: Sequence[budgets_pb2.Budget], width: int = 0) -> list[str]:
    """Returns the lines of `octractl budget`.

    Args:
        budgets: in the order of their rows.
        width: columns of the terminal; 0 cuts nothing.
    """
    rows = [
        (_scope(b), _name(b), clean_line(b.period) or "-", _money(b.limit_usd), _money(b.spent_usd),
         _money(b.reserved_usd), _percent(b))
        for b in budgets
    ]  # fmt: skip
    return layout_table(("BUDGET", "OF", "PERIOD", "LIMIT", "SPENT", "RESERVED", "USED"), rows, width)


def budget_line(budget: budgets_pb2.Budget) -> str:
    """Returns how one budget stands, in one line."""
    words = [f"{_scope(budget)} budget", _name(budget).removeprefix("all tasks"), clean_line(budget.period)]
    which = " ".join(word for word in words if word)
    return f"{which}: {_money(budget.spent_usd)} of {_money(budget.limit_usd)} is spent"


def cost_table(answer: budgets_pb2.SumCostsResponse, by: str, width: int = 0) -> list[str]:
    """Returns the lines of `octractl cost`, with a line for all of it at the end.

    Args:
        answer: what SumCosts said.
        by: what makes a group, in a word.
        width: columns of the terminal; 0 cuts nothing.
    """
    rows = [_cost_row(clean_line(cost.key) or "-", cost) for cost in answer.costs]
    rows.append(_cost_row("total", answer.total))
    header = (by.upper(), "COST", "CALLS", "FAILED", "UNPRICED", "TOKENS IN", "CACHED", "OUT")
    return layout_table(header, rows, width)


def _cost_row(key: str, cost: budgets_pb2.Cost) -> tuple[str, ...]:
    return (
        key,
        _money(cost.cost_usd) if cost.HasField("cost_usd") else "unpriced" if cost.unpriced_calls else "-",
        str(cost.calls),
        str(cost.failed_calls),
        str(cost.unpriced_calls),
        figures.count(cost.input_tokens),
        figures.count(cost.cached_tokens),
        figures.count(cost.output_tokens),
    )


def _scope(budget: budgets_pb2.Budget) -> str:
    scope = budgets_pb2.BudgetScope.DESCRIPTOR.values_by_number.get(budget.scope)
    return f"scope {budget.scope}" if scope is None else scope.name.removeprefix(_SCOPE_PREFIX).lower()


def _name(budget: budgets_pb2.Budget) -> str:
    return clean_line(budget.user or budget.name) or "all tasks"


def _money(usd: float) -> str:
    return figures.cost(usd)


def _percent(budget: budgets_pb2.Budget) -> str:
    return f"{100 * budget.spent_usd / budget.limit_usd:.0f} %" if budget.limit_usd else "-"
