"""`octractl advise`: what to do about a task, or what a model says to a question about it."""

import uuid

import click

from octra_proto.v1 import advisor_pb2
from octractl.client import LONG_CALL_TIMEOUT_S, Client
from octractl.complete import complete_model
from octractl.errors import OctractlError
from octractl.exit_codes import ExitCode
from octractl.output import json_option, open_client, print_lines, print_words
from octractl.render.clean_text import clean_block, clean_line
from octractl.render.json_text import json_document
from octractl.render.task_page import rehearsal_mark
from octractl.task_argument import task_argument

# How it ends when there is no model to ask, or none that answers; then there is still the advice that needs none.
WITHOUT_A_MODEL = frozenset({ExitCode.FAILED, ExitCode.CONFIGURATION})


@click.command()
@task_argument
@click.argument("question", required=False, default="")
@click.option(
    "--model",
    default="",
    metavar="MODEL[,MODEL…]",
    shell_complete=complete_model,
    help="With a question: ask these models, in this order; else those of the task.",
)
@click.option("--request-id", default="", help="Asking again with the same id asks no model again.")
@json_option
def command(task: str, question: str, model: str, request_id: str, *, as_json: bool) -> None:
    """Say what to do about a task.

    Without a QUESTION no model is asked. With one, a model is, with what is known of the task; it costs what that call
    costs, and nothing of what it says is done.
    """
    if model and not question:
        raise click.UsageError("--model goes with a question")
    with open_client() as client:
        if not question:
            _print_advice(client, task, as_json=as_json)
            return
        request = advisor_pb2.ConsultAdvisorRequest(
            request_id=request_id or str(uuid.uuid4()), task=task, question=question, model=model
        )
        try:
            answer = client.ask(client.advisor.ConsultAdvisor, request, LONG_CALL_TIMEOUT_S)
        except OctractlError as error:
            if error.exit_code in WITHOUT_A_MODEL:
                _print_advice(client, task, as_json=as_json)
            raise
    if as_json:
        print_lines([json_document(answer)])
    else:
        who = clean_line(answer.model) + rehearsal_mark(answer.rehearsal)
        print_lines([clean_block(answer.answer), f"({who} says so; nothing of it was tried)"])


def _print_advice(client: Client, task: str, *, as_json: bool) -> None:
    advice = client.ask(client.advisor.AdviseTask, advisor_pb2.AdviseTaskRequest(task=task))
    if as_json:
        print_lines([json_document(advice)])
        return
    following = [f"next: {clean_line(advice.next_command)}"] if advice.next_command else []
    print_words([clean_block(advice.note), *following])
