"""The argument TASK of many commands, which the shell can complete from what the daemon knows."""

from collections.abc import Callable
from typing import TypeVar

import click

from octractl.complete import complete_task

Function = TypeVar("Function", bound=Callable[..., object])


def task_argument(function: Function) -> Function:
    """The argument TASK: an id or a unique prefix of one."""
    return click.argument("task", metavar="TASK", shell_complete=complete_task)(function)
