"""Carries our errors over the inner protocols: into a gRPC status on the servant's side, out of it on the caller's.

The API that people use has a mapping of its own, with google.rpc details; this one is between processes of one
version and needs only the four fields.
"""

import grpc
import grpc.aio

from octrad.foundation.errors import OctraError, UnavailableError

_CODE, _HINT, _RETRYABLE = "octra-code", "octra-hint-bin", "octra-retryable"

_STATUS = {
    "invalid_request": grpc.StatusCode.INVALID_ARGUMENT,
    "not_found": grpc.StatusCode.NOT_FOUND,
    "forbidden": grpc.StatusCode.PERMISSION_DENIED,
    "unavailable": grpc.StatusCode.UNAVAILABLE,
    "exhausted": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "cancelled": grpc.StatusCode.CANCELLED,
    "internal": grpc.StatusCode.INTERNAL,
}
# What a caller sees when the other side, or the connection to it, went away.
_LOST = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.INTERNAL,
}


class RemoteError(OctraError):
    """An error that a servant raised, as it raised it: `code` is the code of its class there."""

    def __init__(self, code: str, message: str, *, hint: str = "", retryable: bool = False) -> None:
        super().__init__(message, hint=hint, retryable=retryable)
        self.code = code  # type: ignore[misc]  # an instance of the class of another process


async def abort_with(context: grpc.aio.ServicerContext[object, object], error: OctraError) -> None:
    """Ends a call with an error of ours."""
    metadata = (
        (_CODE, error.code),
        (_HINT, error.hint.encode()),
        (_RETRYABLE, "1" if error.retryable else "0"),
    )
    await context.abort(_STATUS.get(error.code, grpc.StatusCode.FAILED_PRECONDITION), error.message, metadata)


def is_lost(error: grpc.aio.AioRpcError) -> bool:
    """Whether the servant or the connection went away, rather than refused."""
    return error.code() in _LOST and _CODE not in _metadata(error)


def error_from(error: grpc.aio.AioRpcError) -> OctraError:
    """The error of ours that a failed call stands for."""
    metadata = _metadata(error)
    message = error.details() or error.code().name.lower().replace("_", " ")
    if _CODE not in metadata:
        if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED or is_lost(error):
            return UnavailableError(f"no answer: {message}")
        return OctraError(message)
    hint = metadata.get(_HINT, "")
    return RemoteError(metadata[_CODE], message, hint=hint, retryable=metadata.get(_RETRYABLE) == "1")


def _metadata(error: grpc.aio.AioRpcError) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in error.trailing_metadata() or ():
        found[name] = value.decode(errors="replace") if isinstance(value, bytes) else value
    return found
