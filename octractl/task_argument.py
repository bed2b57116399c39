"""The argument TASK of many commands, which the shell can complete from what the daemon knows."""

from collections.abc import Callable
from typing import TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., object])
COMPLETION_TIMEOUT_S = 2.0


def task_argument(function: Function) -> Function:
    """The argument TASK: an id or a unique prefix of one."""
    return click.argument("task", metavar="TASK", shell_complete=complete_task)(function)


def complete_task(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Returns the ids of recent tasks that begin with what is typed; nothing when the daemon cannot be asked."""
    del parameter
    import grpc  # noqa: PLC0415 - the shell asks for this rarely

    from octra_proto.v1 import tasks_pb2  # noqa: PLC0415 - as above
    from octractl.client import connect  # noqa: PLC0415 - as above
    from octractl.errors import OctractlError  # noqa: PLC0415 - as above

    try:
        with connect(context.find_root().params.get("socket")) as client:
            request = tasks_pb2.ListTasksRequest(page_size=200)
            tasks = client.tasks.ListTasks(request, timeout=COMPLETION_TIMEOUT_S).tasks
    except (grpc.RpcError, OctractlError):
        return []
    return [task.id for task in tasks if task.id.startswith(incomplete)]
