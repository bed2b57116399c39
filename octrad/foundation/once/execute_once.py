"""The caller's loop around one execution: asks, loses the servant, asks again with the same id, until it is told."""

import logging
from collections.abc import AsyncIterable, Awaitable, Callable
from typing import Literal, Protocol, TypeVar

import grpc.aio

from octrad.foundation.errors import UnavailableError
from octrad.foundation.message_ids import MessageId
from octrad.foundation.once.connection import ServantConnection
from octrad.foundation.once.deadline import Deadline
from octrad.foundation.once.status import error_from, is_lost

logger = logging.getLogger(__name__)


class _Numbered(Protocol):
    @property
    def number(self) -> int: ...


class ExecuteResponse(Protocol):
    """What the Execute calls of both inner protocols answer."""

    @property
    def progress(self) -> _Numbered: ...  # noqa: D102 - of the proto files

    def WhichOneof(self, oneof_group: Literal["message"], /) -> str | None: ...  # noqa: D102, N802 - of protobuf


R = TypeVar("R", bound=ExecuteResponse)


async def execute_once(
    connection: ServantConnection,
    open_stream: Callable[[grpc.aio.Channel, int], AsyncIterable[R]],
    *,
    on_progress: Callable[[R], Awaitable[None]] | None = None,
    timeout_s: float,
) -> R:
    """Has something executed at most once and returns how it ended.

    Args:
        connection: the servant that executes.
        open_stream: makes the Execute call on a channel, for the progress after a number; always with the same id.
        on_progress: is given the responses that carry progress, in order.
        timeout_s: how long to ask; the work goes on when it is over.

    Returns:
        The response whose message is `finished`, `failed` or `interrupted`.

    Raises:
        UnavailableError: no end within `timeout_s`.
        OctraError: the servant refused.
    """
    deadline = Deadline(timeout_s)
    seen = 0
    while True:
        channel = await deadline.within(connection.channel())
        stream = open_stream(channel, seen).__aiter__()
        is_accepted = False
        try:
            while True:
                response = await deadline.within(anext(stream))
                deadline.restart_pauses()
                match response.WhichOneof("message"):
                    case "finished" | "failed" | "interrupted":
                        return response
                    case "progress":
                        seen = response.progress.number
                        if on_progress is not None:
                            await on_progress(response)
                    case _:
                        is_accepted = True
        except StopAsyncIteration:
            await deadline.pause(UnavailableError(f"the {connection.name} said nothing"))
        except grpc.aio.AioRpcError as error:
            failure = error_from(error)
            if not (is_lost(error) or failure.code == UnavailableError.code):
                raise failure from error
            connection.lost(channel)
            if is_accepted:
                extra = {"message_id": MessageId.SERVANT_LOST}
                logger.warning("the %s went away in the middle of work; asking again", connection.name, extra=extra)
            await deadline.pause(failure)
