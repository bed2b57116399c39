"""`octractl snapshots`: what can be restored."""

import click

from octra_proto.v1 import snapshots_pb2
from octractl.client import Client
from octractl.complete import complete_project, complete_task
from octractl.output import json_option, local_zone, open_client, print_lines, say, terminal_width
from octractl.render.json_text import json_document
from octractl.render.task_table import snapshot_table

LARGEST_PAGE = 200


@click.command()
@click.option("--project", default="", shell_complete=complete_project, help="Only this project.")
@click.option("--task", default="", help="Only this task.", shell_complete=complete_task)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(min=0), help="At most so many; 0: all.")
@json_option
def command(project: str, task: str, limit: int, *, as_json: bool) -> None:
    """List snapshots, newest first."""
    with open_client() as client:
        found = list_snapshots(client, snapshots_pb2.ListSnapshotsRequest(project=project, task=task), limit)
    if as_json:
        print_lines([json_document(found)])
    elif not found.snapshots:
        say("no such snapshots" if project or task else "no snapshots yet; every task leaves one when it ends")
    else:
        print_lines(snapshot_table(found.snapshots, local_zone(), terminal_width()))


def list_snapshots(
    client: Client, request: snapshots_pb2.ListSnapshotsRequest, limit: int
) -> snapshots_pb2.ListSnapshotsResponse:
    """Reads pages until there are `limit` snapshots, or all for 0."""
    found = snapshots_pb2.ListSnapshotsResponse()
    while True:
        request.page_size = min(limit - len(found.snapshots), LARGEST_PAGE) if limit else LARGEST_PAGE
        request.page_token = found.next_page_token
        page = client.ask(client.snapshots.ListSnapshots, request)
        found.snapshots.extend(page.snapshots)
        found.next_page_token = page.next_page_token
        if not page.next_page_token or (limit and len(found.snapshots) >= limit):
            return found
