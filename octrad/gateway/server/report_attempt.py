"""Attempts and results as messages of the inner protocol."""

from collections.abc import Callable, Sequence

from octra_proto.gateway.v1 import gateway_pb2 as pb
from octrad.gateway.calls import Attempt, Completed, Completion, Message

AttemptReport = Callable[[Attempt], None]


def attempt_message(attempt: Attempt) -> pb.Attempt:
    """Returns one attempt."""
    return pb.Attempt(
        model=attempt.model,
        outcome=attempt.outcome.value,
        reason=attempt.reason,
        error=attempt.error,
        input_tokens=attempt.input_tokens,
        output_tokens=attempt.output_tokens,
        cached_tokens=attempt.cached_tokens,
        cost_usd=attempt.cost_usd,
        duration_ms=attempt.duration_ms,
        started_at_ms=attempt.started_at_ms,
        prices_hash=attempt.prices_hash,
    )


def attempt_messages(attempts: Sequence[Attempt]) -> list[pb.Attempt]:
    """Returns attempts in order."""
    return [attempt_message(attempt) for attempt in attempts]


def finished_message(completed: Completed) -> pb.Finished:
    """Returns a success."""
    return pb.Finished(
        answer_json=completed.answer_json,
        model=completed.model,
        rehearsal=completed.rehearsal,
        attempts=attempt_messages(completed.attempts),
    )


def read_completion(message: pb.Completion) -> Completion:
    """Returns the question of a request."""
    return Completion(
        question=message.question,
        messages=tuple(Message(one.role, one.content) for one in message.messages),
        schema_json=message.schema_json,
        chain=tuple(message.chain),
        max_output_tokens=message.max_output_tokens,
        timeout_s=message.timeout_s,
    )
