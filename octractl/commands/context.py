"""`octractl context`: what the agents of a project are told; saying something to them, and having it forgotten."""

import uuid

import click

from octra_proto.v1 import context_pb2
from octractl.client import Client
from octractl.complete import complete_project, complete_task
from octractl.output import json_option, local_zone, open_client, print_lines, say, terminal_width
from octractl.render.context_table import context_table, entry_line
from octractl.render.json_text import json_document

LARGEST_PAGE = 200
SCOPES = {
    "global": context_pb2.CONTEXT_SCOPE_GLOBAL,
    "team": context_pb2.CONTEXT_SCOPE_TEAM,
    "individual": context_pb2.CONTEXT_SCOPE_INDIVIDUAL,
}
project_argument = click.argument("project", metavar="PROJECT", shell_complete=complete_project)
request_id_option = click.option("--request-id", default="", help="The same again with the same id changes nothing.")


@click.group()
def command() -> None:
    """Show and change what a project's agents hear."""


@command.command(name="list")
@click.argument("project", metavar="[PROJECT]", default="", shell_complete=complete_project)
@click.option("--task", default="", help="What was said in this task.", shell_complete=complete_task)
@click.option("--scope", type=click.Choice(tuple(SCOPES)), help="Only what is said to all, to teams, to single agents.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(min=0), help="At most so many; 0: all.")
@click.option("--all", "include_ended", is_flag=True, help="Also what was forgotten, removed or ended.")
@json_option
def list_(project: str, task: str, scope: str | None, limit: int, *, include_ended: bool, as_json: bool) -> None:
    """List what is said to the agents of PROJECT, newest first."""
    if bool(project) == bool(task):
        raise click.UsageError("Name PROJECT, or a task with --task.")
    request = context_pb2.ListContextRequest(project=project, task=task, include_ended=include_ended)
    if scope:
        request.scope = SCOPES[scope]
    with open_client() as client:
        found = _list(client, request, limit)
    if as_json:
        print_lines([json_document(found)])
    elif not found.entries:
        say("nothing was said yet; octractl context add PROJECT TEXT says something")
    else:
        print_lines(context_table(found.entries, local_zone(), terminal_width()))


@command.command()
@project_argument
@click.argument("text")
@click.option("--rule", is_flag=True, help="A rule: it stays, and counts like the request.")
@click.option("--important", is_flag=True, help="Not to be removed when there is too much.")
@request_id_option
@json_option
def add(project: str, text: str, request_id: str, *, rule: bool, important: bool, as_json: bool) -> None:
    """Say TEXT to all agents of PROJECT, now and in later tasks."""
    request = context_pb2.AddContextRequest(
        request_id=request_id or str(uuid.uuid4()),
        project=project,
        type=context_pb2.CONTEXT_TYPE_RULE if rule else context_pb2.CONTEXT_TYPE_FACT,
        content=text,
        important=important,
    )
    with open_client() as client:
        answer = client.ask(client.context.AddContext, request)
    print_lines([json_document(answer) if as_json else entry_line(answer.entry)])


@command.command()
@project_argument
@click.argument("text", default="")
@click.option("--id", "entry_id", type=click.IntRange(min=1), help="The one of this id.")
@request_id_option
@json_option
def forget(project: str, text: str, entry_id: int | None, request_id: str, *, as_json: bool) -> None:
    """Forget what was said in PROJECT that contains TEXT, in whatever case."""
    if bool(text) == bool(entry_id):
        raise click.UsageError("Name what is to be forgotten: TEXT, or an entry with --id.")
    request = context_pb2.ForgetContextRequest(
        request_id=request_id or str(uuid.uuid4()), project=project, text=text, id=entry_id or 0
    )
    with open_client() as client:
        answer = client.ask(client.context.ForgetContext, request)
    if as_json:
        print_lines([json_document(answer)])
        return
    print_lines(entry_line(entry) for entry in answer.entries)
    say(f"forgot {answer.forgotten} {'entry' if answer.forgotten == 1 else 'entries'}")


def _list(client: Client, request: context_pb2.ListContextRequest, limit: int) -> context_pb2.ListContextResponse:
    """Reads pages until there are `limit` entries, or all for 0."""
    found = context_pb2.ListContextResponse()
    while True:
        request.page_size = min(limit - len(found.entries), LARGEST_PAGE) if limit else LARGEST_PAGE
        request.page_token = found.next_page_token
        page = client.ask(client.context.ListContext, request)
        found.entries.extend(page.entries)
        found.next_page_token = page.next_page_token
        if not page.next_page_token or (limit and len(found.entries) >= limit):
            return found
