"""Turns a gRPC failure into words, hints and an exit code. The only place that knows the daemon's error details."""

import grpc

from octractl.errors import OctractlError
from octractl.exit_codes import ExitCode

# Their names, so that this table is checked by reading; grpc.StatusCode has the same.
EXIT_CODES = {
    grpc.StatusCode.INVALID_ARGUMENT: ExitCode.DATA,
    grpc.StatusCode.OUT_OF_RANGE: ExitCode.DATA,
    grpc.StatusCode.DATA_LOSS: ExitCode.DATA,
    grpc.StatusCode.NOT_FOUND: ExitCode.NOT_FOUND,
    grpc.StatusCode.PERMISSION_DENIED: ExitCode.NO_PERMISSION,
    grpc.StatusCode.UNAUTHENTICATED: ExitCode.NO_PERMISSION,
    grpc.StatusCode.UNAVAILABLE: ExitCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: ExitCode.TRY_LATER,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ExitCode.TRY_LATER,
    grpc.StatusCode.UNIMPLEMENTED: ExitCode.PROTOCOL,
    grpc.StatusCode.INTERNAL: ExitCode.INTERNAL,
    grpc.StatusCode.UNKNOWN: ExitCode.INTERNAL,
    grpc.StatusCode.FAILED_PRECONDITION: ExitCode.FAILED,
    grpc.StatusCode.ALREADY_EXISTS: ExitCode.FAILED,
    grpc.StatusCode.ABORTED: ExitCode.FAILED,
    grpc.StatusCode.CANCELLED: ExitCode.FAILED,
}
# Codes of the daemon's error tree that say more than their status does.
EXIT_CODES_BY_REASON = {
    "configuration": ExitCode.CONFIGURATION,
    "duplicate_request": ExitCode.DUPLICATE,
    "no_model": ExitCode.CONFIGURATION,
    "no_retention": ExitCode.USAGE,
    "snapshot_damaged": ExitCode.DATA,
}


def is_lost_connection(error: grpc.RpcError) -> bool:
    """Whether the daemon went away or is not there yet, so that asking again may help."""
    return isinstance(error, grpc.Call) and error.code() == grpc.StatusCode.UNAVAILABLE


def is_answered(error: grpc.RpcError) -> bool:
    """Whether the daemon itself said this, rather than the transport."""
    return _details(error).reason != ""


def translate_rpc_error(error: grpc.RpcError) -> OctractlError:
    """Returns what to tell the user; never raises."""
    if not isinstance(error, grpc.Call):
        return OctractlError(f"the call failed: {error}", exit_code=ExitCode.INTERNAL)
    details = _details(error)
    message = error.details() or error.code().name.lower().replace("_", " ")
    if details.field and details.field not in message:
        message = f"{details.field}: {message}"
    return OctractlError(
        message,
        hint=details.hint or _general_hint(error.code()),
        exit_code=_exit_code(error, details.reason),
        facts=details.facts,
    )


def _exit_code(error: grpc.Call, reason: str) -> ExitCode:
    return EXIT_CODES_BY_REASON.get(reason) or EXIT_CODES.get(error.code(), ExitCode.INTERNAL)


def _general_hint(code: grpc.StatusCode) -> str:
    if code == grpc.StatusCode.UNIMPLEMENTED:
        return "octrad and octractl are of different versions; see `octractl version`"
    return ""


class _Details:
    __slots__ = ("facts", "field", "hint", "reason")

    def __init__(self) -> None:
        self.reason = self.hint = self.field = ""
        self.facts: dict[str, str] = {}


def _details(error: grpc.RpcError) -> _Details:
    # Imported here: only failures need them.
    from google.rpc import error_details_pb2  # noqa: PLC0415
    from grpc_status import rpc_status  # noqa: PLC0415

    found = _Details()
    if not isinstance(error, grpc.Call):
        return found
    try:
        status = rpc_status.from_call(error)
    except ValueError:  # details that contradict their own status
        return found
    for detail in status.details if status else ():
        reason, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(reason):
            found.reason, found.facts = reason.reason, dict(reason.metadata)
            found.hint = found.facts.pop("hint", "")
        elif detail.Unpack(request) and request.field_violations:
            found.field = request.field_violations[0].field
    return found
