"""The wall around every handler of ours: what a handler raises becomes a status here and nowhere else.

Each handler of the `octra.` services is wrapped as it is looked up. Errors of our tree are told to the caller as they
are; anything else is logged with its traceback under a short incident id, and the caller learns only that id.
"""

from __future__ import annotations  # gRPC's classes take parameters only in their stubs

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

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


class GuardHandlers(grpc.aio.ServerInterceptor):
    """Wraps the handlers of our services. Handlers that answer with a stream must be async generators."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Looks the handler up and wraps it, if it is one of ours."""
        handler = await continuation(handler_call_details)
        method = str(handler_call_details.method)
        if handler is None or not method.startswith(_OURS):
            return handler
        return _wrap(handler, method)


def _wrap(handler: Handler, method: str) -> Handler:
    if handler.unary_unary:
        make, behaviour = grpc.unary_unary_rpc_method_handler, _guard_answer(handler.unary_unary, method)
    elif handler.stream_unary:
        make, behaviour = grpc.stream_unary_rpc_method_handler, _guard_answer(handler.stream_unary, method)
    elif handler.unary_stream:
        make, behaviour = grpc.unary_stream_rpc_method_handler, _guard_stream(handler.unary_stream, method)
    else:
        make, behaviour = grpc.stream_stream_rpc_method_handler, _guard_stream(handler.stream_stream, method)
    return make(behaviour, handler.request_deserializer, handler.response_serializer)


def _guard_answer(behaviour: Any, method: str) -> Any:
    async def guarded(request: Any, context: Context) -> Any:
        try:
            return await behaviour(request, context)
        # The boundary of a call: nothing that a handler raises may leave it as anything but a status.
        except Exception as error:  # noqa: BLE001 - see above
            await _abort(error, method, context)

    return guarded


def _guard_stream(behaviour: Any, method: str) -> Any:
    # Writes by itself instead of being a generator, so that the handler's generator is closed the moment that the
    # caller is gone, and what it holds is let go.
    async def guarded(request: Any, context: Context) -> None:
        try:
            async with closing(behaviour(request, context)) as messages:
                async for message in messages:
                    await context.write(message)
        # The boundary of a call: nothing that a handler raises may leave it as anything but a status.
        except Exception as error:  # noqa: BLE001 - see above
            await _abort(error, method, context)

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
