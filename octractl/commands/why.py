"""`octractl why`: why a task is not running, or what it waits for."""

import click

from octra_proto.v1 import tasks_pb2
from octractl.output import json_option, open_client, print_lines, print_words
from octractl.render.clean_text import clean_block, clean_line
from octractl.render.json_text import json_document
from octractl.task_argument import task_argument


@click.command()
@task_argument
@json_option
def command(task: str, *, as_json: bool) -> None:
    """Say why a task is not running, or what it waits for."""
    with open_client() as client:
        answer = client.ask(client.tasks.ExplainTask, tasks_pb2.ExplainTaskRequest(task=task))
    following = [f"next: {clean_line(answer.next_command)}"] if answer.next_command else []
    if as_json:
        print_lines([json_document(answer)])
    else:
        print_words([clean_block(answer.answer), *following])
