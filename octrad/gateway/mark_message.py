"""Marks of providers as messages of the inner protocol, for the gateway and its client alike."""

from collections.abc import Iterable

from octra_proto.gateway.v1 import gateway_pb2 as pb
from octrad.gateway.calls import Mark, Outcome


def mark_message(mark: Mark) -> pb.ProviderMark:
    """Returns the message of a mark."""
    return pb.ProviderMark(
        provider=mark.provider,
        model=mark.model,
        outcome=mark.outcome.value,
        until_ms=round(mark.until * 1000),
        fingerprint=mark.fingerprint,
    )


def read_mark(message: pb.ProviderMark) -> Mark:
    """Returns the mark of a message."""
    outcome = Outcome(message.outcome)
    return Mark(message.provider, message.model, outcome, message.until_ms / 1000, message.fingerprint)


def read_marks(messages: Iterable[pb.ProviderMark]) -> list[Mark]:
    """Returns the marks of messages; those with an outcome of a newer octrad's are passed over."""
    return [read_mark(message) for message in messages if message.outcome in set(Outcome)]
