"""`octractl retry`: run a failed or cancelled task again."""

import uuid

import click

from octra_proto.v1 import tasks_pb2
from octractl.complete import complete_model
from octractl.exit_codes import ExitCode
from octractl.output import open_client, print_lines, print_words, say
from octractl.render.json_text import json_document
from octractl.render.task_page import ending_lines
from octractl.show_progress import exit_code_of, follow_to_end, progress_option
from octractl.task_argument import task_argument


@click.command()
@task_argument
@click.option("--fresh", is_flag=True, help="Start over, instead of going on at the step that failed.")
@click.option("--allow-secrets", is_flag=True, help="Snapshot it although it holds what looks like a secret.")
@click.option(
    "--model",
    default="",
    metavar="MODEL[,MODEL…]",
    shell_complete=complete_model,
    help="Ask these models from now on, in this order.",
)
@click.option("--request-id", default="", help="Retrying again with the same id changes nothing.")
@click.option("--detach", is_flag=True, help="Return at once.")
@progress_option
@click.option("--json", "as_json", is_flag=True, help="Print the task as JSON.")
def command(  # noqa: PLR0913 - one parameter an option
    task: str,
    model: str,
    request_id: str,
    progress: str,
    *,
    fresh: bool,
    allow_secrets: bool,
    detach: bool,
    as_json: bool,
) -> int:
    """Run a failed or cancelled task again, and follow it.

    It goes on at the step that failed, with --model by asking others; with --fresh it starts over.
    """
    request = tasks_pb2.RetryTaskRequest(
        request_id=request_id or str(uuid.uuid4()), task=task, fresh=fresh, allow_secrets=allow_secrets, model=model
    )
    with open_client() as client:
        found = client.ask(client.tasks.RetryTask, request).task
        if detach:
            print_lines([json_document(found) if as_json else found.id])
            say(f"follow it: octractl watch {found.id}")
            return ExitCode.OK
        ended = follow_to_end(client, found, mode=progress, after_seq=found.last_seq)
    if as_json and progress != "json":
        print_lines([json_document(ended)])
    elif progress != "json":
        print_words(ending_lines(ended))
    return exit_code_of(ended)
