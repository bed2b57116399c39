"""`octractl show`: one task, whole."""

import click

from octra_proto.v1 import tasks_pb2
from octractl.output import json_option, local_zone, open_client, print_lines, print_words, terminal_width
from octractl.render.json_text import json_document
from octractl.render.task_page import task_page
from octractl.task_argument import task_argument


@click.command()
@task_argument
@json_option
def command(task: str, *, as_json: bool) -> None:
    """Show a task: its steps, cost, evidence, note and result."""
    with open_client() as client:
        answer = client.ask(client.tasks.GetTask, tasks_pb2.GetTaskRequest(task=task))
    if as_json:
        print_lines([json_document(answer)])
    else:
        print_words(task_page(answer, local_zone(), terminal_width()))
