"""`octractl list`: the tasks, newest first."""

import time

import click

from octra_proto.v1 import tasks_pb2
from octractl.client import Client
from octractl.complete import complete_project
from octractl.output import json_option, open_client, print_lines, say, terminal_width
from octractl.states import STATES, parse_state

LARGEST_PAGE = 200


@click.command()
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only this state; repeatable.")
@click.option("--project", default="", shell_complete=complete_project, help="Only this project.")
@click.option("--like", default="", metavar="TEXT", help="Those whose request is most like this text come first.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(min=0), help="At most so many; 0: all.")
@json_option
def command(states: tuple[str, ...], project: str, like: str, limit: int, *, as_json: bool) -> None:
    """List tasks, newest first."""
    request = tasks_pb2.ListTasksRequest(states=[parse_state(word) for word in states], project=project, like=like)
    with open_client() as client:
        found = list_tasks(client, request, limit)
    if as_json:
        from octractl.render.json_text import json_document  # noqa: PLC0415 - one of two ways to show it

        print_lines([json_document(found)])
    elif not found.tasks:
        is_narrowed = bool(states or project)
        say("no such tasks" if is_narrowed else 'no tasks yet; to begin: octractl submit "what to build"')
    else:
        from octractl.render.task_table import task_table  # noqa: PLC0415 - as above

        print_lines(task_table(found.tasks, time.time(), terminal_width()))


def list_tasks(client: Client, request: tasks_pb2.ListTasksRequest, limit: int) -> tasks_pb2.ListTasksResponse:
    """Reads pages until there are `limit` tasks, or all for 0. The token that is left names what was not read."""
    found = tasks_pb2.ListTasksResponse()
    while True:
        request.page_size = min(limit - len(found.tasks), LARGEST_PAGE) if limit else LARGEST_PAGE
        request.page_token = found.next_page_token
        page = client.ask(client.tasks.ListTasks, request)
        found.tasks.extend(page.tasks)
        found.next_page_token = page.next_page_token
        if not page.next_page_token or (limit and len(found.tasks) >= limit):
            return found
