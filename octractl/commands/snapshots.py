"""`octractl snapshots`: what can be restored; and `octractl snapshots prune`, which lets go of what is old."""

import click
from click.core import ParameterSource

from octra_proto.v1 import snapshots_pb2
from octractl.client import LONG_CALL_TIMEOUT_S, Client
from octractl.complete import complete_project, complete_task
from octractl.output import json_option, local_zone, open_client, print_lines, say, terminal_width
from octractl.render.json_text import json_document, json_line
from octractl.render.snapshot_table import pruned_summary, pruned_table, snapshot_table

LARGEST_PAGE = 200


@click.group(invoke_without_command=True)
@click.option("--project", default="", shell_complete=complete_project, help="Only this project.")
@click.option("--task", default="", help="Only this task.", shell_complete=complete_task)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(min=0), help="At most so many; 0: all.")
@click.option("--all", "include_pruned", is_flag=True, help="Also those that were pruned.")
@json_option
@click.pass_context
def command(ctx: click.Context, project: str, task: str, limit: int, *, include_pruned: bool, as_json: bool) -> None:
    """List snapshots, newest first."""
    if ctx.invoked_subcommand is not None:
        _require_no_options(ctx, ctx.invoked_subcommand)
        return
    request = snapshots_pb2.ListSnapshotsRequest(project=project, task=task, include_pruned=include_pruned)
    with open_client() as client:
        found = list_snapshots(client, request, limit)
    if as_json:
        print_lines([json_document(found)])
    elif not found.snapshots:
        say("no such snapshots" if project or task else "no snapshots yet; every task leaves one when it ends")
    else:
        print_lines(snapshot_table(found.snapshots, local_zone(), terminal_width()))


def _require_no_options(ctx: click.Context, subcommand: str) -> None:
    """Refuses options that stand where they would be read as those of the list, and do nothing."""
    given = [name for name in ctx.params if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if given:
        raise click.UsageError(f"options of {subcommand} stand behind it", ctx)


@command.command()
@click.option("--older-than", metavar="DAYS", type=click.IntRange(min=0), help="Without it, as octrad is configured.")
@click.option("--project", default="", shell_complete=complete_project, help="Only this project.")
@click.option("--dry-run", is_flag=True, help="Only show what would be pruned.")
@json_option
def prune(older_than: int | None, project: str, *, dry_run: bool, as_json: bool) -> None:
    """Prune old snapshots of octrad's machine. For admins.

    A project's newest and newest proved snapshot and those of tasks that have not ended are always kept.
    """
    request = snapshots_pb2.PruneSnapshotsRequest(older_than_days=older_than, project=project, dry_run=dry_run)
    with open_client() as client:
        call = client.snapshots.PruneSnapshots(request, timeout=LONG_CALL_TIMEOUT_S)
        pruned = list(client.read_stream(call))
    if as_json:
        print_lines(json_line(part) for part in pruned)
        return
    print_lines(pruned_table(pruned, local_zone(), terminal_width()))
    for line in pruned_summary(pruned, dry_run=dry_run):
        say(line)


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
