"""`octractl watch`: follow a task to its end."""

import click

from octra_proto.v1 import tasks_pb2
from octractl.output import open_client, print_words
from octractl.render.task_page import ending_lines
from octractl.show_progress import exit_code_of, follow_to_end, progress_option
from octractl.task_argument import task_argument


@click.command()
@task_argument
@progress_option
@click.option("--after", "after_seq", default=0, type=click.IntRange(min=0), help="Only events after this number.")
@click.option("--json", "as_json", is_flag=True, help="The same as --progress json.")
def command(task: str, progress: str, after_seq: int, *, as_json: bool) -> int:
    """Follow a task to its end.

    Shown from its beginning. Ctrl-C stops following, never the task.
    """
    mode = "json" if as_json else progress
    with open_client() as client:
        found = client.ask(client.tasks.GetTask, tasks_pb2.GetTaskRequest(task=task)).task
        ended = follow_to_end(client, found, mode=mode, after_seq=after_seq)
    if mode != "json":
        print_words(ending_lines(ended))
    return exit_code_of(ended)
