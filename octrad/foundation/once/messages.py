"""What an execution says to those who wait for it, and what a piece of work looks like to the engine.

Plain data: no I/O and no protocol. Each servant translates these to the messages of its own proto file.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from google.protobuf.message import Message as ProtobufMessage

from octrad.foundation.errors import OctraError

# Fields of a request that say how it is asked for, not what it is.
_ASKING_FIELDS = ("after_progress", "again_if_interrupted", "provider_marks")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The id is on disk; from here on it is executed at most once."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The work said something. `missed` counts the messages just before this one that are no longer held."""

    number: int
    payload: bytes
    missed: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The work returned this."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """The work ended with an error of our tree; `payload` is what its raiser wanted the caller to have besides."""

    code: str
    message: str
    hint: str = ""
    retryable: bool = False
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The servant was killed while it worked on this id; how far it came is not known."""


Outcome = Finished | Failed
Message = Accepted | Progress | Finished | Failed | Interrupted

# Publishes a piece of progress. Returns at once: those who listen never slow the work.
Report = Callable[[bytes], None]
Work = Callable[[Report], Awaitable[bytes]]


class DetailedFailureError(OctraError):
    """Raised by work whose failure carries data: `payload` reaches the caller in `Failed.payload`."""

    code = "failed"

    def __init__(self, message: str, *, payload: bytes, hint: str = "", retryable: bool = False) -> None:
        super().__init__(message, hint=hint, retryable=retryable)
        self.payload = payload


def failure_of(error: OctraError) -> Failed:
    """The outcome that an error becomes."""
    payload = error.payload if isinstance(error, DetailedFailureError) else b""
    return Failed(error.code, error.message, error.hint, error.retryable, payload)


def request_digest(request: ProtobufMessage) -> bytes:
    """A digest of what a request asks for, however it is asked for."""
    copy = type(request)()
    copy.CopyFrom(request)
    for name in _ASKING_FIELDS:
        if name in copy.DESCRIPTOR.fields_by_name:
            copy.ClearField(name)
    return hashlib.sha256(copy.SerializeToString(deterministic=True)).digest()
