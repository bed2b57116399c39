import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from octrad.api.error_status import TEXT_BYTES, incident_status, status_code, status_of
from octrad.foundation import errors


class QuotaError(errors.ExhaustedError):
    code = "quota"


KINDS = [
    (errors.InvalidRequestError("x"), grpc.StatusCode.INVALID_ARGUMENT),
    (errors.NotFoundError("x"), grpc.StatusCode.NOT_FOUND),
    (errors.ConflictError("x"), grpc.StatusCode.FAILED_PRECONDITION),
    (errors.ForbiddenError("x"), grpc.StatusCode.PERMISSION_DENIED),
    (errors.UnavailableError("x"), grpc.StatusCode.UNAVAILABLE),
    (errors.ExhaustedError("x"), grpc.StatusCode.RESOURCE_EXHAUSTED),
    (QuotaError("x"), grpc.StatusCode.RESOURCE_EXHAUSTED),
    (errors.ConfigurationError("x"), grpc.StatusCode.FAILED_PRECONDITION),
    (errors.CancelledByCallerError("x"), grpc.StatusCode.ABORTED),
    (errors.OctraError("x"), grpc.StatusCode.INTERNAL),
]


@pytest.mark.parametrize(("error", "code"), KINDS)
def test_an_error_has_the_status_of_its_nearest_kind(error: errors.OctraError, code: grpc.StatusCode) -> None:
    assert status_code(error) is code
    assert status_of(error).code == code.value[0]


def detail(status: status_pb2.Status, kind: type) -> object | None:
    for packed in status.details:
        found: object = kind()
        if packed.Unpack(found):
            return found
    return None


def test_every_status_tells_code_domain_and_hint() -> None:
    info = detail(status_of(QuotaError("full", hint="make room")), error_details_pb2.ErrorInfo)
    assert info == error_details_pb2.ErrorInfo(reason="quota", domain="octra", metadata={"hint": "make room"})


def test_a_wrong_field_is_named() -> None:
    found = detail(status_of(errors.InvalidRequestError("too long", field="request")), error_details_pb2.BadRequest)
    assert isinstance(found, error_details_pb2.BadRequest)
    assert [(v.field, v.description) for v in found.field_violations] == [("request", "too long")]


@pytest.mark.parametrize(
    ("error", "retryable"),
    [(errors.UnavailableError("x"), True), (errors.ExhaustedError("x"), False), (errors.NotFoundError("x"), False)],
)
def test_only_what_may_succeed_later_says_when_to_retry(error: errors.OctraError, retryable: bool) -> None:  # noqa: FBT001 - a parameter
    assert (detail(status_of(error), error_details_pb2.RetryInfo) is not None) is retryable


def test_a_status_fits_into_the_metadata_that_clients_accept() -> None:
    long = "ä" * 100_000
    status = status_of(errors.InvalidRequestError(long, field="request", hint=long))
    assert len(status.message.encode()) <= TEXT_BYTES
    assert len(status.SerializeToString()) * 4 / 3 + 3 * TEXT_BYTES < 8192


def test_an_incident_tells_nothing_but_its_id() -> None:
    status = incident_status("bcd2345678")
    assert status.code == grpc.StatusCode.INTERNAL.value[0]
    assert status.message == "internal error, incident bcd2345678"
