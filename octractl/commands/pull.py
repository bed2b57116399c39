"""`octractl pull`: a task's result as a branch of the repository that the user stands in."""

import tempfile
from pathlib import Path

import click

from octra_proto.v1 import snapshots_pb2
from octractl.client import LONG_CALL_TIMEOUT_S, Client
from octractl.commands.restore import look_up
from octractl.output import open_client, print_lines, say
from octractl.render.task_page import rehearsal_mark
from octractl.repository import fetch_bundle, has_common_history, require_branch_free
from octractl.task_argument import task_argument


@click.command()
@task_argument
@click.option("--branch", default="", help="The branch's name, instead of octra/TASK.")
def command(task: str, branch: str) -> None:
    """Bring a task's result into your repository, as a branch.

    The branch is octra/TASK of the repository that you stand in. Neither the working tree nor the branch that is
    checked out is touched.
    """
    here = Path.cwd()
    with open_client() as client, tempfile.TemporaryDirectory(prefix="octractl-") as directory:
        found = look_up(client, task)
        name = branch or f"octra/{found.task_id}"
        require_branch_free(here, name)
        bundle = Path(directory, "result.bundle")
        save_bundle(client, found.id, bundle)
        commit = fetch_bundle(here, bundle, name)
    print_lines([f"{name} {commit}"])
    look = f"git diff HEAD...{name}" if has_common_history(here, name) else f"git log --stat {name}"
    kind = "partial result" if found.partial else "result"
    say(f"{kind} of task {found.task_id}{rehearsal_mark(found.rehearsal)}; to see it: {look}")


def save_bundle(client: Client, snapshot_id: str, target: Path) -> None:
    """Writes the history of a snapshot to a file.

    Raises:
        OctractlError: the daemon refused, or went away.
    """
    request = snapshots_pb2.ReadBundleRequest(snapshot=snapshot_id)
    with target.open("wb") as stream:
        for part in client.read_stream(client.snapshots.ReadBundle(request, timeout=LONG_CALL_TIMEOUT_S)):
            stream.write(part.chunk)
