"""`octractl submit`: hand a request to the daemon, and follow it."""

import json
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from octra_proto.v1 import tasks_pb2
from octractl.client import LONG_CALL_TIMEOUT_S, Client
from octractl.complete import complete_model, complete_project, complete_skill_area, complete_stack
from octractl.errors import OctractlError
from octractl.exit_codes import ExitCode
from octractl.output import open_client, print_lines, print_words, say
from octractl.render.json_text import json_document, json_line
from octractl.render.task_page import ending_lines, rehearsal_mark
from octractl.repository import require_sendable, write_bundle
from octractl.show_progress import exit_code_of, follow_to_end, progress_option, resolve_mode
from octractl.states import PRIORITIES, parse_priority

PART_BYTES = 1024 * 1024
# The daemon has its own, smaller limit and says so; this one is below what a message may hold.
MAX_REQUEST_BYTES = 3 * 1024 * 1024


@click.command()
@click.argument("request", required=False)
@click.option(
    "--file",
    "-f",
    "file",
    metavar="FILE",
    type=click.Path(allow_dash=True),
    help="Read the request from a file; - is stdin.",
)
@click.option(
    "--project",
    default="",
    shell_complete=complete_project,
    help="Continue from this project's newest snapshot, or begin it.",
)
@click.option(
    "--from",
    "source",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Continue a git repository.",
)
@click.option("--allow-dirty", is_flag=True, help="With --from: send the last commit, without what is not committed.")
@click.option(
    "--stack",
    default="",
    metavar="STACK[,STACK…]",
    shell_complete=complete_stack,
    help="Build on these stacks, the first at the root; else the Boss chooses. See: octractl stacks",
)
@click.option(
    "--model",
    default="",
    metavar="MODEL[,MODEL…]",
    shell_complete=complete_model,
    help="Ask these models, in this order.",
)
@click.option(
    "--skills",
    default="",
    metavar="AREA[,AREA…]",
    shell_complete=complete_skill_area,
    help="Agents are told only of these areas. See: octractl skills list",
)
@click.option("--check", "checks", multiple=True, metavar="CMD", help="A command that must exit 0; repeatable.")
@click.option("--priority", default="P2", show_default=True, type=click.Choice(PRIORITIES, case_sensitive=False))
@click.option(
    "--budget",
    "budget_usd",
    metavar="USD",
    type=click.FloatRange(min=0, min_open=True),
    help="Pause it when it has cost so much. See: octractl budget",
)
@click.option("--allow-secrets", is_flag=True, help="Snapshot it even if it holds what looks like a secret.")
@click.option("--anyway", is_flag=True, help="Submit it also when the same was asked for before, or nearly so.")
@click.option("--request-id", default="", help="Submitting again with the same id makes no second task.")
@click.option("--detach", is_flag=True, help="Print the task's id and return at once.")
@progress_option
@click.option("--json", "as_json", is_flag=True, help="Print the task as JSON.")
def command(  # noqa: PLR0913, PLR0917 - one parameter an option
    request: str | None,
    file: str | None,
    project: str,
    source: Path | None,
    stack: str,
    model: str,
    skills: str,
    checks: tuple[str, ...],
    priority: str,
    budget_usd: float | None,
    request_id: str,
    progress: str,
    *,
    allow_dirty: bool,
    allow_secrets: bool,
    anyway: bool,
    detach: bool,
    as_json: bool,
) -> int:
    """Submit a request and follow it until it is done.

    REQUEST says in plain words what to build; - reads it from stdin.

    Exits 0 only when the task is done, 75 when it is paused by a budget. Ctrl-C stops following, never the task.

    Where the same was asked for before, or nearly so, it names that task and exits 3; --anyway submits it all the same.
    """
    message = tasks_pb2.SubmitTaskRequest(
        request_id=request_id or str(uuid.uuid4()),
        request=read_request(request, file),
        project=project,
        stack=stack,
        model=model,
        checks=checks,
        skill_areas=[area.strip() for area in skills.split(",") if area.strip()],
        priority=parse_priority(priority),
        allow_secrets=allow_secrets,
        budget_usd=budget_usd,
        allow_duplicate=anyway,
    )
    if source:
        require_sendable(source, allow_dirty=allow_dirty)
    with open_client() as client:
        if source:
            message.bundle_id = send_repository(client, source)
        task = _submit(client, message, as_json=as_json)
        if detach:
            print_lines([json_document(task) if as_json else task.id])
            say(f"follow it: octractl watch {task.id}")
            return ExitCode.OK
        if resolve_mode(progress) != "tty":  # the tree has it as its root
            say(f"task {task.id}{rehearsal_mark(task.rehearsal)}")
        ended = follow_to_end(client, task, mode=progress)
    _print_ending(ended, progress, as_json=as_json)
    return exit_code_of(ended)


def _submit(client: Client, message: tasks_pb2.SubmitTaskRequest, *, as_json: bool) -> tasks_pb2.Task:
    """Submits it. With `--json`, the earlier task that it is refused for is on stdout too."""
    try:
        return client.ask(client.tasks.SubmitTask, message).task
    except OctractlError as error:
        if as_json and error.exit_code is ExitCode.DUPLICATE:
            print_lines([duplicate_json(error.facts)])
        raise


def duplicate_json(facts: Mapping[str, str]) -> str:
    """Returns the earlier task that the daemon named in its refusal, as JSON."""
    return json.dumps({"duplicate_of": {**facts, "similarity": float(facts.get("similarity", 1))}}, ensure_ascii=False)


def read_request(request: str | None, file: str | None) -> str:
    """Returns the text of the request, from whichever place it was given.

    Raises:
        OctractlError: it cannot be read, or is no text.
        click.UsageError: it was given twice or not at all.
    """
    if (request is None) == (file is None):
        raise click.UsageError("Give the request as one argument, with --file FILE, or as - on stdin.")
    if request not in {None, "-"}:
        return str(request)
    try:
        content = _read_limited(file or "-")
    except OSError as error:
        raise OctractlError(f"cannot read {file}: {error.strerror or error}", exit_code=ExitCode.NOT_FOUND) from error
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise OctractlError(f"the request is not text in UTF-8: {error}", exit_code=ExitCode.DATA) from error


def _read_limited(file: str) -> bytes:
    if file == "-":
        content = sys.stdin.buffer.read(MAX_REQUEST_BYTES + 1)
    else:
        with Path(file).open("rb") as stream:
            content = stream.read(MAX_REQUEST_BYTES + 1)
    if len(content) > MAX_REQUEST_BYTES:
        raise OctractlError(
            f"the request is larger than {MAX_REQUEST_BYTES} bytes",
            hint="say what to build in words; code comes with --from DIR",
            exit_code=ExitCode.DATA,
        )
    return content


def send_repository(client: Client, source: Path) -> str:
    """Sends HEAD of a repository with its history, and returns the name that the daemon gave it.

    Raises:
        OctractlError: git could not bundle it, or the daemon refused it.
    """
    with tempfile.TemporaryDirectory(prefix="octractl-") as directory:
        bundle = Path(directory, "head.bundle")
        write_bundle(source, bundle)
        upload = client.tasks.UploadBundle
        answer = client.insist(lambda: upload(read_parts(bundle), timeout=LONG_CALL_TIMEOUT_S))
    return answer.bundle_id


def read_parts(bundle: Path) -> Iterator[tasks_pb2.UploadBundleRequest]:
    """Yields a file as messages of at most 1 MiB."""
    with bundle.open("rb") as stream:
        while chunk := stream.read(PART_BYTES):
            yield tasks_pb2.UploadBundleRequest(chunk=chunk)


def _print_ending(task: tasks_pb2.Task, progress: str, *, as_json: bool) -> None:
    if as_json:
        print_lines([json_line(task) if progress == "json" else json_document(task)])
    elif progress != "json":
        print_words(ending_lines(task))
