"""`octractl logs`: a task's events as text, or the whole output of one step's command."""

import sys
import time

import click

from octra_proto.v1 import events_pb2, tasks_pb2
from octractl.client import Client
from octractl.errors import OctractlError
from octractl.exit_codes import ExitCode
from octractl.follow import Follower
from octractl.output import json_option, local_zone, open_client, print_lines, say
from octractl.render.clean_text import clean_block
from octractl.render.event_line import who_did
from octractl.render.json_text import json_line
from octractl.render.plain_lines import PlainLines
from octractl.task_argument import task_argument

POLL_S = 0.3
PAGE_BYTES = 1024 * 1024


@click.command()
@task_argument
@click.option("--follow", is_flag=True, help="Go on with what comes, until the task or the command ends.")
@click.option("--role", default="", help="Only events of this role (boss, manager, worker, …) or agent.")
@click.option("--step", default="", metavar="NAME", help="The whole output of this step's command.")
@json_option
def command(task: str, role: str, step: str, *, follow: bool, as_json: bool) -> None:
    """Print a task's events, or the whole output of one command."""
    with open_client() as client:
        if step:
            print_log(client, tasks_pb2.ReadLogRequest(task=task, step=step), follow=follow, as_json=as_json)
        else:
            print_events(client, task, role, follow=follow, as_json=as_json)


def print_events(client: Client, task: str, role: str, *, follow: bool, as_json: bool) -> None:
    """Prints the events that there are, and with `follow` those that come."""
    found = client.ask(client.tasks.GetTask, tasks_pb2.GetTaskRequest(task=task)).task
    follower = Follower(client, found.id)
    plain, agents = PlainLines(local_zone()), set()
    for event in follower.events() if follow else follower.until(found.last_seq):
        agents.add(who_did(event))
        if is_of(event, role):
            print_lines([json_line(event)] if as_json else plain.lines(event))
            if follow:
                sys.stdout.flush()
    if not any(is_named(agent, role) for agent in agents):
        say(f"hint: nothing of `{role}`; here are: {', '.join(sorted(agents))}")


def is_of(event: events_pb2.Event, role: str) -> bool:
    """Whether an event is of a role or an agent; every event is of the empty one."""
    return is_named(who_did(event), role) or role == event.role


def is_named(agent: str, role: str) -> bool:
    """Whether `worker builder` is meant by `worker`, by `builder`, by both or by nothing."""
    return not role or role == agent or role in agent.split(" ", 1)


def print_log(client: Client, request: tasks_pb2.ReadLogRequest, *, follow: bool, as_json: bool) -> None:
    """Prints a command's output page by page: byte for byte, but on a terminal only what is safe there."""
    request.limit_bytes = PAGE_BYTES
    while True:
        page = read_page(client, request)
        _print_page(page, as_json=as_json)
        is_at_end = page.next_offset == request.offset
        request.offset = page.next_offset
        if page.complete or (is_at_end and not follow):
            return
        if is_at_end:
            time.sleep(POLL_S)


def read_page(client: Client, request: tasks_pb2.ReadLogRequest) -> tasks_pb2.ReadLogResponse:
    """Reads a part of a command's output.

    Raises:
        OctractlError: there is none of that step; the hint names those that there are.
    """
    try:
        return client.ask(client.tasks.ReadLog, request)
    except OctractlError as error:
        if error.exit_code != ExitCode.NOT_FOUND or error.hint:
            raise
        found = client.ask(client.tasks.GetTask, tasks_pb2.GetTaskRequest(task=request.task))
        named = ", ".join(step.name for step in found.steps if step.has_log) or "none"
        hint = f"steps whose command has an output: {named}"
        raise OctractlError(error.message, hint=hint, exit_code=error.exit_code) from error


def _print_page(page: tasks_pb2.ReadLogResponse, *, as_json: bool) -> None:
    if as_json:
        print_lines([json_line(page)])
    elif sys.stdout.isatty():
        sys.stdout.write(clean_block(page.chunk.decode(errors="replace")))
    else:
        sys.stdout.buffer.write(page.chunk)
    sys.stdout.flush()
