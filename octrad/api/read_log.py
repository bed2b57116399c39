"""ReadLog: the whole output of a step's command, a page at a time, from where the runner keeps it."""

from octra_proto.v1 import tasks_pb2
from octrad.foundation.errors import InvalidRequestError
from octrad.runner.client import RunnerClient
from octrad.tasks.task import Task

DEFAULT_PAGE_BYTES = 256 * 1024
GREATEST_PAGE_BYTES = 1024 * 1024


async def read_log(runner: RunnerClient, task: Task, request: tasks_pb2.ReadLogRequest) -> tasks_pb2.ReadLogResponse:
    """The page that a request asks for.

    Raises:
        InvalidRequestError: no step is named, or the page cannot be.
        NotFoundError: that step has no log, or has it no longer.
    """
    if not request.step:
        raise InvalidRequestError(
            "step is empty", field="step", hint=f"`octractl show {task.id}` lists the steps that have a log"
        )
    limit_bytes = _page_bytes(request)
    part = await runner.read_output(f"{task.id}/{request.step}", offset=request.offset, limit_bytes=limit_bytes)
    return tasks_pb2.ReadLogResponse(chunk=part.chunk, next_offset=part.next_offset, complete=part.complete)


def _page_bytes(request: tasks_pb2.ReadLogRequest) -> int:
    if request.offset < 0:
        raise InvalidRequestError(
            f"offset {request.offset} is negative", field="offset", hint="0 reads from the beginning"
        )
    if not 0 <= request.limit_bytes <= GREATEST_PAGE_BYTES:
        raise InvalidRequestError(
            f"limit_bytes {request.limit_bytes} is not between 0 and {GREATEST_PAGE_BYTES}",
            field="limit_bytes",
            hint=f"0 means {DEFAULT_PAGE_BYTES}",
        )
    return request.limit_bytes or DEFAULT_PAGE_BYTES
