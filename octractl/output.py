"""What commands share to print: results on stdout, progress on stderr; and how they reach the daemon."""

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

import click

from octractl.client import Client, connect

if TYPE_CHECKING:
    import datetime as dt

# One of our commands within a sentence; the daemon's advice knows of no socket.
_COMMAND = re.compile(r"\boctractl (?=[a-z])")
Function = TypeVar("Function", bound=Callable[..., object])


def json_option(function: Function) -> Function:
    """The option `--json`, which every read has."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON with the API's field names.")(function)


def open_client() -> Client:
    """Connects as the global options of the running command say."""
    socket = click.get_current_context().find_root().obj
    return connect(socket if isinstance(socket, str) else None)


def print_lines(lines: Iterable[str]) -> None:
    """Writes results to stdout."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def say(line: str) -> None:
    """Writes something about the progress to stderr; commands in it can be typed as they stand."""
    sys.stderr.write(f"{as_typed(line)}\n")
    sys.stderr.flush()


def print_words(lines: Iterable[str]) -> None:
    """Writes results for people to stdout; commands in them can be typed as they stand."""
    print_lines(map(as_typed, lines))


def as_typed(line: str) -> str:
    """Returns a line with the socket in its commands, where octractl was given one as an option."""
    context = click.get_current_context(silent=True)
    socket = context.find_root().obj if context else None
    if not isinstance(socket, str):
        return line
    return _COMMAND.sub(lambda _: f"octractl --socket {shlex.quote(socket)} ", line)


def terminal_width() -> int:
    """Returns the columns of the terminal that stdout is, or 0 when it is none: nothing is cut then."""
    return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else 0


def local_zone() -> "dt.tzinfo":
    """Returns the user's time zone as it is now."""
    import datetime as dt  # noqa: PLC0415 - not every command shows a time

    return dt.datetime.now().astimezone().tzinfo or dt.UTC
