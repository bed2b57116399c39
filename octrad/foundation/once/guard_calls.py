"""Wraps every handler of a servant: counts it as activity, and turns what it raises into a status."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import grpc
import grpc.aio

from octrad.foundation.activity import Activity
from octrad.foundation.errors import OctraError
from octrad.foundation.once.status import abort_with

logger = logging.getLogger(__name__)

# grpc's own handlers are typed with Any all through.
_Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
_MaybeHandler: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"


class CallGuard(grpc.aio.ServerInterceptor):
    """Sits in front of every call of a server."""

    def __init__(self, activity: Activity) -> None:
        self._activity = activity

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[_MaybeHandler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> _MaybeHandler:
        """Wraps the handler that the call would go to."""
        handler = await continuation(handler_call_details)
        return None if handler is None else self._wrap(handler)

    def _wrap(self, handler: _Handler) -> _Handler:
        codecs = {
            "request_deserializer": handler.request_deserializer,
            "response_serializer": handler.response_serializer,
        }
        if handler.unary_unary:
            return grpc.unary_unary_rpc_method_handler(self._answer(handler.unary_unary), **codecs)
        if handler.stream_unary:
            return grpc.stream_unary_rpc_method_handler(self._answer(handler.stream_unary), **codecs)
        if handler.unary_stream:
            return grpc.unary_stream_rpc_method_handler(self._stream(handler.unary_stream), **codecs)
        return handler  # the reflection service streams both ways; nobody's work depends on it

    def _answer(self, method: Callable[[Any, Any], Awaitable[Any]]) -> Any:
        async def counted(request: Any, context: Any) -> Any:
            with self._activity:
                try:
                    return await method(request, context)
                except Exception as error:  # noqa: BLE001 - the boundary of a call
                    return await _abort(context, error)

        return counted

    def _stream(self, method: Callable[[Any, Any], Any]) -> Any:
        async def counted(request: Any, context: Any) -> AsyncIterator[Any]:
            with self._activity:
                try:
                    async for response in method(request, context):
                        yield response
                except Exception as error:  # noqa: BLE001 - the boundary of a call
                    await _abort(context, error)

        return counted


async def _abort(context: Any, error: Exception) -> None:
    match error:
        case OctraError():
            await abort_with(context, error)
        case grpc.aio.AbortError():
            raise error
        case _:
            logger.error("a call failed in a way that nobody expected", exc_info=error)
            await abort_with(context, OctraError(f"{type(error).__name__}: {error}"))
