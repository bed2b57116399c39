"""The wall around every handler: nobody gets past it without leave, and what a handler raises becomes a status here.

Each handler is wrapped as it is looked up, and asks `authorise` before it begins. Health and reflection ask only that
the caller came through the front door. Errors of our tree are told to the caller as they
are; anything else is logged with its traceback under a short incident id, and the caller learns only that id.
"""

from __future__ import annotations  # gRPC's classes take parameters only in their stubs

import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeAlias

import grpc
from google.rpc import status_pb2
from grpc_status import rpc_status

from octrad.api.closing import closing
from octrad.api.error_status import incident_status, status_of
from octrad.foundation.errors import OctraError
from octrad.foundation.ids import new_id

logger = logging.getLogger(__name__)
_OURS = "/octra."

# Foreign by nature: a request and a response of any method, a handler of any of gRPC's four shapes.
if TYPE_CHECKING:
    Handler: TypeAlias = grpc.RpcMethodHandler[Any, Any]
    Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]


class Judge(Protocol):
    """Says who may call what; see `authorise.Authorise`."""

    async def __call__(self, method: str, request: Any, context: Context) -> None:
        """Raises what a caller is told who may not make this call."""

    def require_peer(self, context: Context) -> object:
        """Raises what a caller is told of whom nobody can say who they are."""


class GuardHandlers(grpc.aio.ServerInterceptor):
    """Wraps all handlers. Those of our services that answer with a stream must be async generators."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Looks the handler up and wraps it, if there is one."""
        handler = await continuation(handler_call_details)
        method = str(handler_call_details.method)
        if handler is None:
            return None
        return _wrap(handler, method, self._judge)


def _wrap(handler: Handler, method: str, judge: Judge) -> Handler:
    guard_stream = _guard_stream if method.startswith(_OURS) else _guard_foreign_stream
    if handler.unary_unary:
        make, behaviour = grpc.unary_unary_rpc_method_handler, _guard_answer(handler.unary_unary, method, judge)
    elif handler.stream_unary:
        make, behaviour = grpc.stream_unary_rpc_method_handler, _guard_answer(handler.stream_unary, method, judge)
    elif handler.unary_stream:
        make, behaviour = grpc.unary_stream_rpc_method_handler, guard_stream(handler.unary_stream, method, judge)
    else:
        make, behaviour = grpc.stream_stream_rpc_method_handler, guard_stream(handler.stream_stream, method, judge)
    return make(behaviour, handler.request_deserializer, handler.response_serializer)


async def _let_in(judge: Judge, method: str, request: Any, context: Context) -> None:
    if method.startswith(_OURS):
        await judge(method, request, context)
    else:
        judge.require_peer(context)


def _guard_answer(behaviour: Any, method: str, judge: Judge) -> Any:
    async def guarded(request: Any, context: Context) -> Any:
        try:
            await _let_in(judge, method, request, context)
            return await behaviour(request, context)
        # The boundary of a call: nothing that a handler raises may leave it as anything but a status.
        except Exception as error:  # noqa: BLE001 - see above
            await _abort(error, method, context)

    return guarded


def _guard_stream(behaviour: Any, method: str, judge: Judge) -> Any:
    # Writes by itself instead of being a generator, so that the handler's generator is closed the moment that the
    # caller is gone, and what it holds is let go.
    async def guarded(request: Any, context: Context) -> None:
        try:
            await _let_in(judge, method, request, context)
            async with closing(behaviour(request, context)) as messages:
                async for message in messages:
                    await context.write(message)
        # The boundary of a call: nothing that a handler raises may leave it as anything but a status.
        except Exception as error:  # noqa: BLE001 - see above
            await _abort(error, method, context)

    return guarded


def _guard_foreign_stream(behaviour: Any, method: str, judge: Judge) -> Any:
    # Those of health and reflection write by themselves, or are generators that hold nothing.
    async def guarded(request: Any, context: Context) -> None:
        try:
            await _let_in(judge, method, request, context)
        except OctraError as error:
            await _abort(error, method, context)
        answer = behaviour(request, context)
        if inspect.isasyncgen(answer):
            async for message in answer:
                await context.write(message)
        else:
            await answer

    return guarded


async def _abort(error: Exception, method: str, context: Context) -> NoReturn:
    if isinstance(error, grpc.aio.AbortError):
        raise error
    status = rpc_status.to_status(_status(error, method))
    await context.abort(status.code, status.details, status.trailing_metadata)


def _status(error: Exception, method: str) -> status_pb2.Status:
    if isinstance(error, OctraError):
        return status_of(error)
    incident = new_id()
    logger.error("incident %s in %s", incident, method, exc_info=error)
    return incident_status(incident)
