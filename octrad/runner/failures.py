"""Which class of error stands for which code of the runner's: decided here, once, for operations and reads.

A code that is not known here stays what it is, on the kind that all errors are of.
"""

from octrad.foundation.errors import (
    CancelledByCallerError,
    ConfigurationError,
    ConflictError,
    ExhaustedError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    OctraError,
    UnavailableError,
)
from octrad.foundation.once.status import RemoteError


class SnapshotDamagedError(ConflictError):
    """A snapshot is not what it was when it was taken."""

    code = "snapshot_damaged"


class SecretFoundError(ForbiddenError):
    """A snapshot was refused, because it would keep what looks like a secret. The message says where."""

    code = "secret_found"


_CLASSES: dict[str, type[OctraError]] = {
    kind.code: kind
    for kind in (
        CancelledByCallerError,
        ConfigurationError,
        ConflictError,
        ExhaustedError,
        ForbiddenError,
        InvalidRequestError,
        NotFoundError,
        SecretFoundError,
        SnapshotDamagedError,
    )
}


def revive_error(code: str, message: str, hint: str, *, retryable: bool) -> OctraError:
    """Returns the error that the runner raised, as the class that its callers catch."""
    if code == UnavailableError.code:
        return UnavailableError(message, hint=hint)
    if code not in _CLASSES:
        return RemoteError(code, message, hint=hint, retryable=retryable)
    error = _CLASSES[code](message, hint=hint)
    error.retryable = retryable
    return error
