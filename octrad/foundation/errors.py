"""The error tree. Every error that Octra raises on purpose is an `OctraError`.

A class carries a stable `code` that travels over gRPC and is never reworded; the message is for people and says what
is wrong, the hint says what to do. Rooms define their own errors beside the code that raises them, below the kind
that says how a caller should take it. Only the kinds live here.
"""

from collections.abc import Mapping
from typing import ClassVar


class OctraError(Exception):
    """Something went wrong in a way that we can name.

    Args:
        message: what is wrong, for people, without a full stop.
        hint: what to do about it; a command where there is one.
        retryable: whether the same call may succeed later unchanged.
    """

    code: ClassVar[str] = "internal"

    def __init__(self, message: str, *, hint: str = "", retryable: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.retryable = retryable

    @property
    def facts(self) -> Mapping[str, str]:
        """What programs may want to know of it, by stable names; `hint` is none of them."""
        return {}


class InvalidRequestError(OctraError):
    """The caller sent something that can never be accepted. `field` names the part that is wrong."""

    code = "invalid_request"

    def __init__(self, message: str, *, field: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field


class NotFoundError(OctraError):
    """What was named does not exist."""

    code = "not_found"


class ConflictError(OctraError):
    """It exists, but its state does not allow this."""

    code = "conflict"


class ForbiddenError(OctraError):
    """The caller may not do this."""

    code = "forbidden"


class UnauthenticatedError(ForbiddenError):
    """Nobody can say who the caller is."""

    code = "unauthenticated"


class UnavailableError(OctraError):
    """Something that we need does not answer now; the same call may succeed later."""

    code = "unavailable"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, retryable=True)


class ExhaustedError(OctraError):
    """A limit was reached: disk, memory, time, size, money."""

    code = "exhausted"


class ConfigurationError(OctraError):
    """The configuration or the machine is not as it must be."""

    code = "configuration"


class CancelledByCallerError(OctraError):
    """The work was cancelled on purpose."""

    code = "cancelled"
