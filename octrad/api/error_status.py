"""What a caller sees of an error: the one place that maps our error tree to gRPC status and google.rpc details.

Every status carries an `ErrorInfo` with the error's stable code as its reason, our domain, and in its metadata the
error's facts and the hint; a wrong field adds a `BadRequest`, a retryable error a `RetryInfo`. It decides nothing else,
and it never puts into a status what the error's author did not write for people or programs.
"""

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from octrad.foundation import errors

DOMAIN = "octra"
RETRY_AFTER_S = 1
# Clients cap the metadata that a status travels in at 8 KiB; a text stands in it up to three times, encoded.
TEXT_BYTES = 1000

# A kind answers for every class below it; what is below none of them is a fault of ours.
_CODES: dict[type[errors.OctraError], grpc.StatusCode] = {
    errors.InvalidRequestError: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFoundError: grpc.StatusCode.NOT_FOUND,
    errors.ConflictError: grpc.StatusCode.FAILED_PRECONDITION,
    errors.ForbiddenError: grpc.StatusCode.PERMISSION_DENIED,
    errors.UnauthenticatedError: grpc.StatusCode.UNAUTHENTICATED,
    errors.UnavailableError: grpc.StatusCode.UNAVAILABLE,
    errors.ExhaustedError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.ConfigurationError: grpc.StatusCode.FAILED_PRECONDITION,
    errors.CancelledByCallerError: grpc.StatusCode.ABORTED,
}


def status_code(error: errors.OctraError) -> grpc.StatusCode:
    """The gRPC code of an error: that of the nearest kind it is below, INTERNAL when there is none."""
    for kind in type(error).__mro__:
        if kind in _CODES:
            return _CODES[kind]
    return grpc.StatusCode.INTERNAL


def status_of(error: errors.OctraError) -> status_pb2.Status:
    """The whole status of an error, with its details."""
    details: list[Message] = [_error_info(error)]
    if isinstance(error, errors.InvalidRequestError) and error.field:
        violation = error_details_pb2.BadRequest.FieldViolation(field=error.field, description=_cut(error.message))
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    if error.retryable:
        details.append(error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=RETRY_AFTER_S)))
    number: int = status_code(error).value[0]
    return status_pb2.Status(code=number, message=_cut(error.message), details=[_packed(item) for item in details])


def incident_status(incident: str) -> status_pb2.Status:
    """The status of an error that nobody foresaw: it tells the incident's id, under which the log tells the rest."""
    error = errors.OctraError(
        f"internal error, incident {incident}", hint=f"octrad's log tells more: journalctl -u octrad | grep {incident}"
    )
    return status_of(error)


def _error_info(error: errors.OctraError) -> error_details_pb2.ErrorInfo:
    metadata = {name: _cut(fact) for name, fact in error.facts.items()}
    if error.hint:
        metadata["hint"] = _cut(error.hint)
    return error_details_pb2.ErrorInfo(reason=error.code, domain=DOMAIN, metadata=metadata)


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed


def _cut(text: str) -> str:
    encoded = text.encode(errors="replace")
    return text if len(encoded) <= TEXT_BYTES else encoded[: TEXT_BYTES - 3].decode(errors="ignore") + "…"
