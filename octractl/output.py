"""What commands share to print: results on stdout, progress on stderr; and how they reach the daemon."""

import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

import click

from octractl.client import Client, connect

if TYPE_CHECKING:
    import datetime as dt

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
    """Writes something about the progress to stderr."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def terminal_width() -> int:
    """Returns the columns of the terminal that stdout is, or 0 when it is none: nothing is cut then."""
    return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else 0


def local_zone() -> "dt.tzinfo":
    """Returns the user's time zone as it is now."""
    import datetime as dt  # noqa: PLC0415 - not every command shows a time

    return dt.datetime.now().astimezone().tzinfo or dt.UTC
