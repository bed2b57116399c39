"""`octractl cancel`: end a task."""

import uuid

import click

from octra_proto.v1 import tasks_pb2
from octractl.client import LONG_CALL_TIMEOUT_S
from octractl.output import open_client, print_lines, print_words, say
from octractl.render.json_text import json_document
from octractl.render.task_page import ending_lines
from octractl.states import state_word
from octractl.task_argument import task_argument


@click.command()
@task_argument
@click.option("--reason", default="", help="Why; it is kept with the task.")
@click.option("--request-id", default="", help="Cancelling again with the same id changes nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the task as JSON.")
def command(task: str, reason: str, request_id: str, *, as_json: bool) -> None:
    """End a task.

    Returns when no process of it is left; what there was of it is snapshotted.
    """
    request = tasks_pb2.CancelTaskRequest(request_id=request_id or str(uuid.uuid4()), task=task, reason=reason)
    with open_client() as client:
        ended = client.ask(client.tasks.CancelTask, request, LONG_CALL_TIMEOUT_S).task
    if state_word(ended.state) != "cancelled":
        say("it had ended before; nothing was cancelled")
    if as_json:
        print_lines([json_document(ended)])
    else:
        print_words(ending_lines(ended))
