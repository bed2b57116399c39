"""`octractl restore`: a snapshot as a directory of the user who asks."""

import signal
import sys
from pathlib import Path
from types import FrameType

import click

from octra_proto.v1 import snapshots_pb2, tasks_pb2
from octractl.client import Client
from octractl.complete import complete_task
from octractl.errors import OctractlError
from octractl.exit_codes import ExitCode
from octractl.output import open_client, print_lines, say
from octractl.render import figures
from octractl.render.clean_text import clean_line
from octractl.render.json_text import json_document
from octractl.render.task_page import rehearsal_mark
from octractl.restore.fetch_snapshot import fetch_snapshot
from octractl.restore.target import new_tree, slug


@click.command()
@click.argument("snapshot", metavar="TASK|SNAPSHOT", shell_complete=complete_task)
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace what is at DIR, whole; nothing is merged.")
@click.option("--stream", is_flag=True, help="Do not copy from the store, but let the daemon send it.")
@click.option("--json", "as_json", is_flag=True, help="Print the snapshot as JSON.")
def command(snapshot: str, directory: Path | None, *, force: bool, stream: bool, as_json: bool) -> None:
    """Restore a snapshot, proved, as a directory.

    It is a git repository with its history, at DIR or else at ./TASK-title.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _exit_cleanly)
    with open_client() as client:
        found = look_up(client, snapshot)
        target = directory or default_directory(client, found)
        is_here = target.resolve() == Path.cwd()
        with new_tree(target, force=force) as tree:
            fetch_snapshot(client, found, tree, stream=stream)
    print_lines([json_document(found) if as_json else str(target)])
    say(describe(found, target))
    if is_here:
        say("the directory that you stand in was replaced: cd . goes into the new one")


def look_up(client: Client, snapshot: str) -> snapshots_pb2.Snapshot:
    """Returns what the daemon has recorded of a snapshot, without reading it.

    Raises:
        OctractlError: there is none of that name.
    """
    request = snapshots_pb2.VerifySnapshotRequest(snapshot=snapshot, lookup_only=True)
    return client.ask(client.snapshots.VerifySnapshot, request).snapshot


def default_directory(client: Client, snapshot: snapshots_pb2.Snapshot) -> Path:
    """Returns `TASK-title` below the working directory; `TASK` when the task's title is not to be had."""
    try:
        task = client.ask(client.tasks.GetTask, tasks_pb2.GetTaskRequest(task=snapshot.task_id)).task
    except OctractlError as error:
        if error.exit_code != ExitCode.NOT_FOUND:
            raise
        return Path(snapshot.task_id)
    return Path(f"{snapshot.task_id}-{slug(task.title)}".strip("-"))


def describe(snapshot: snapshots_pb2.Snapshot, target: Path) -> str:
    """Returns what was restored, in one line."""
    kind = "partial snapshot" if snapshot.partial else "snapshot"
    mark = rehearsal_mark(snapshot.rehearsal)
    return f"restored {kind} {snapshot.id}{mark}, {figures.size(snapshot.size_bytes)}, to {clean_line(str(target))}"


def _exit_cleanly(number: int, frame: FrameType | None) -> None:
    # As an exception, so that what was half written is removed on the way out.
    del frame
    sys.exit(128 + number)
