"""`octractl diff`: what a task changed, or how two results differ."""

import codecs
import sys

import click

from octra_proto.v1 import tasks_pb2
from octractl.client import LONG_CALL_TIMEOUT_S
from octractl.complete import complete_task
from octractl.output import json_option, open_client, print_lines
from octractl.render.clean_text import clean_block
from octractl.render.json_text import json_line
from octractl.task_argument import task_argument


@click.command()
@task_argument
@click.argument("other_task", metavar="[TASK]", default="", shell_complete=complete_task)
@json_option
def command(task: str, other_task: str, *, as_json: bool) -> None:
    """Print what a task changed, or how two results differ.

    A unified diff of TASK against what it began with, or against a second TASK.
    """
    request = tasks_pb2.DiffTaskRequest(task=task, other_task=other_task)
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    with open_client() as client:
        for part in client.read_stream(client.tasks.DiffTask(request, timeout=LONG_CALL_TIMEOUT_S)):
            if as_json:
                print_lines([json_line(part)])
            elif sys.stdout.isatty():
                sys.stdout.write(clean_block(decoder.decode(part.chunk)))
            else:
                sys.stdout.buffer.write(part.chunk)
    sys.stdout.flush()
