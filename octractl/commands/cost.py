"""`octractl cost`: what model calls have cost."""

import datetime as dt
import re

import click

from octra_proto.v1 import budgets_pb2
from octractl.complete import complete_project
from octractl.output import json_option, open_client, print_lines, say, terminal_width
from octractl.render.budget_page import cost_table
from octractl.render.json_text import json_document

GROUPS = tuple(name.removeprefix("COST_GROUP_").lower() for name in budgets_pb2.CostGroup.keys()[1:])
_SPAN = re.compile(r"(\d{1,5})([hd])")


@click.command()
@click.option("--by", default="task", show_default=True, type=click.Choice(GROUPS), help="What to add up by.")
@click.option("--since", default="", metavar="DATE|7d|12h", help="Only calls from then on; a date begins in UTC.")
@click.option("--project", default="", shell_complete=complete_project, help="Only calls of this project.")
@json_option
def command(by: str, since: str, project: str, *, as_json: bool) -> None:
    """Show what model calls have cost, failed ones included.

    Calls of models without a price are counted as unpriced, and cost neither something nor nothing.
    """
    request = budgets_pb2.SumCostsRequest(by=budgets_pb2.CostGroup.Value(f"COST_GROUP_{by.upper()}"), project=project)
    if since:
        request.since.FromDatetime(parse_since(since, dt.datetime.now(dt.UTC)))
    with open_client() as client:
        answer = client.ask(client.budgets.SumCosts, request)
    if as_json:
        print_lines([json_document(answer)])
    elif not answer.total.calls:
        say("no model was asked")
    else:
        print_lines(cost_table(answer, by, terminal_width()))


def parse_since(word: str, now: dt.datetime) -> dt.datetime:
    """Returns the moment that `2026-11-01`, `7d` or `12h` means.

    Raises:
        click.BadParameter: it means none.
    """
    if span := _SPAN.fullmatch(word):
        number = int(span[1])
        return now - (dt.timedelta(days=number) if span[2] == "d" else dt.timedelta(hours=number))
    try:
        return dt.datetime.combine(dt.date.fromisoformat(word), dt.time(), dt.UTC)
    except ValueError:
        raise click.BadParameter(f"`{word}` is neither a date like 2026-11-01 nor a span like 7d or 12h.") from None
