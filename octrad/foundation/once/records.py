"""The bytes of a spool file: what is written before work begins, or beside it, and what is appended when it ended.

Pure. A file is one `accepted` record and at most one outcome after it. Every record carries its length and a
checksum, so that what a crash tore is told from what is whole: a torn first record means that work never began, or
may be repeated, a torn second one that its outcome was never told to anybody.
"""

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from octrad.foundation.once.messages import Failed, Finished, Outcome

_HEADER = struct.Struct(">cQI")  # kind, length of the body, its CRC-32
_ACCEPTED, _FINISHED, _FAILED = b"A", b"R", b"E"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What is known of an id before its work begins. `accepted_at` is Unix time in seconds."""

    id: str
    digest: bytes
    accepted_at: float


def encode_acceptance(acceptance: Acceptance) -> bytes:
    """The first record of a file."""
    fields = {"id": acceptance.id, "digest": acceptance.digest.hex(), "accepted_at": acceptance.accepted_at}
    return _frame(_ACCEPTED, json.dumps(fields).encode())


def encode_outcome(outcome: Outcome) -> bytes:
    """The second record of a file."""
    match outcome:
        case Finished(payload):
            return _frame(_FINISHED, payload)
        case Failed(code, message, hint, retryable, payload):
            fields = {"code": code, "message": message, "hint": hint, "retryable": retryable}
            return _frame(_FAILED, json.dumps(fields).encode() + b"\n" + payload)
        case _:
            assert_never(outcome)


def decode(content: bytes) -> tuple[Acceptance | None, Outcome | None]:
    """What is whole in a file, from its start. What follows a torn or unknown record is not looked at."""
    acceptance: Acceptance | None = None
    for kind, body in _frames(content):
        if acceptance is None:
            if kind != _ACCEPTED:
                break
            fields = json.loads(body)
            acceptance = Acceptance(fields["id"], bytes.fromhex(fields["digest"]), fields["accepted_at"])
        elif kind == _FINISHED:
            return acceptance, Finished(body)
        elif kind == _FAILED:
            header, _, payload = body.partition(b"\n")
            fields = json.loads(header)
            failed = Failed(fields["code"], fields["message"], fields["hint"], fields["retryable"], payload)
            return acceptance, failed
    return acceptance, None


def _frame(kind: bytes, body: bytes) -> bytes:
    return _HEADER.pack(kind, len(body), zlib.crc32(body)) + body


def _frames(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position + _HEADER.size <= len(content):
        kind, length, checksum = _HEADER.unpack_from(content, position)
        body = content[position + _HEADER.size : position + _HEADER.size + length]
        if len(body) != length or zlib.crc32(body) != checksum:
            return
        yield kind, body
        position += _HEADER.size + length
