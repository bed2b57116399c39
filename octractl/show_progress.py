"""Shows a task's progress while it is followed: as a tree, as lines or as JSON; and ends as the task ends."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

import click

from octra_proto.v1 import events_pb2, tasks_pb2
from octractl.client import Client
from octractl.exit_codes import ExitCode
from octractl.follow import Follower
from octractl.output import local_zone, print_lines, say
from octractl.states import state_word

Function = TypeVar("Function", bound=Callable[..., object])
MODES = ("auto", "tty", "plain", "json")


@dataclass(frozen=True, slots=True)
class Display:
    """How progress is shown: what takes an event, and what takes a remark of ours."""

    show: Callable[[events_pb2.Event], None]
    say: Callable[[str], None]


def progress_option(function: Function) -> Function:
    """The option `--progress`."""
    return click.option(
        "--progress",
        type=click.Choice(MODES),
        default="auto",
        show_default=True,
        help="tty: a live tree on stderr; plain: lines on stderr; json: an event a line on stdout.",
    )(function)


def follow_to_end(client: Client, task: tasks_pb2.Task, *, mode: str, after_seq: int = 0) -> tasks_pb2.Task:
    """Shows a task's progress until it ends or is paused, and returns it as it is then.

    Exits 130 on Ctrl-C; the task goes on.

    Args:
        client: the connection.
        task: as the daemon returned it.
        mode: one of `MODES`.
        after_seq: what is older is not shown, except in a tree, which is made of all that happened.

    Raises:
        OctractlError: the daemon refused, or stayed away too long.
    """
    mode = resolve_mode(mode)
    try:
        with _open_display(mode, task) as display:
            follower = Follower(
                client,
                task.id,
                0 if mode == "tty" else after_seq,
                lambda: display.say("octrad went away; waiting for it to come back …"),
            )
            for event in follower.events():
                display.show(event)
        return client.ask(client.tasks.GetTask, tasks_pb2.GetTaskRequest(task=task.id)).task
    except KeyboardInterrupt:
        say(f"\nno longer following; the task goes on. To see it again: octractl watch {task.id}")
        say(f"To end it: octractl cancel {task.id}")
        sys.exit(ExitCode.INTERRUPTED)


def resolve_mode(mode: str) -> str:
    """Returns the mode that `auto` stands for here."""
    if mode != "auto":
        return mode
    return "tty" if sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb" else "plain"


def exit_code_of(task: tasks_pb2.Task) -> ExitCode:
    """Returns 0 only for a task that is done."""
    return {"done": ExitCode.OK, "paused": ExitCode.TRY_LATER}.get(state_word(task.state), ExitCode.FAILED)


def _open_display(mode: str, task: tasks_pb2.Task) -> AbstractContextManager[Display]:
    match mode:
        case "json":
            return nullcontext(Display(_print_json, say))
        case "tty":
            return _tree(task)
        case _:
            return nullcontext(_plain())


def _plain() -> Display:
    from octractl.render.plain_lines import PlainLines  # noqa: PLC0415 - one of three ways to show it

    plain = PlainLines(local_zone())

    def show(event: events_pb2.Event) -> None:
        if event.WhichOneof("detail") == "advised":
            return  # the note is a result: whoever follows says it on stdout
        for line in plain.lines(event):
            say(line)

    return Display(show, say)


@contextmanager
def _tree(task: tasks_pb2.Task) -> Iterator[Display]:
    from rich.console import Console  # noqa: PLC0415 - 50 ms that only a terminal needs

    from octractl.render.clean_text import clean_line  # noqa: PLC0415 - as above
    from octractl.render.live_tree import LiveTree  # noqa: PLC0415 - as above
    from octractl.render.task_view import TaskView  # noqa: PLC0415 - as above

    view = TaskView(task.id, clean_line(task.title, 80), clean_line(task.stack), rehearsal=task.rehearsal)
    with LiveTree(Console(stderr=True), view) as tree:
        yield Display(tree.show, tree.say)


def _print_json(event: events_pb2.Event) -> None:
    from octractl.render.json_text import json_line  # noqa: PLC0415 - one of three ways to show it

    print_lines([json_line(event)])
    sys.stdout.flush()
