"""`octractl show`: one task, whole."""

import click

from octra_proto.v1 import tasks_pb2
from octractl.output import json_option, local_zone, open_client, print_lines, terminal_width
from octractl.render.json_text import json_document
from octractl.render.task_page import task_page
from octractl.task_argument import task_argument


@click.command()
@task_argument
@json_option
def command(task: str, *, as_json: bool) -> None:
    """Show a task: its steps, model calls, cost, evidence, note, and how to restore it."""
    with open_client() as client:
        answer = client.ask(client.tasks.GetTask, tasks_pb2.GetTaskRequest(task=task))
    print_lines([json_document(answer)] if as_json else task_page(answer, local_zone(), terminal_width()))
