"""What commands share to print: results on stdout, progress on stderr; and how they reach the daemon."""

import datetime as dt
import shutil
import sys
from collections.abc import Callable, Iterable
from typing import TypeVar

import click

from octractl.client import Client, connect

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
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0


def local_zone() -> dt.tzinfo:
    """Returns the user's time zone as it is now."""
    return dt.datetime.now().astimezone().tzinfo or dt.UTC
