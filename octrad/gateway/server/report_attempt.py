"""Questions, attempts and results as messages of the inner protocol."""

from collections.abc import Callable, Sequence

from octra_proto.gateway.v1 import gateway_pb2 as pb
from octrad.foundation.errors import InvalidRequestError
from octrad.gateway.calls import Attempt, Completed, Completion, Message, ModelRole, Writing
from octrad.gateway.mark_message import mark_message

ProgressReport = Callable[[Attempt | Writing], None]


def progress_message(progress: Attempt | Writing) -> pb.Progress:
    """Returns a piece of progress, whose number is given elsewhere."""
    if isinstance(progress, Writing):
        return pb.Progress(writing=pb.Writing(model=progress.model, characters=progress.characters))
    return pb.Progress(attempt=attempt_message(progress))


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
        mark=None if attempt.mark is None else mark_message(attempt.mark),
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
    """Returns the question of a request.

    Raises:
        InvalidRequestError: its role is none.
    """
    if message.role and message.role not in set(ModelRole):
        raise InvalidRequestError(f"`{message.role}` is not a role with models", field="role")
    return Completion(
        question=message.question,
        messages=tuple(Message(one.role, one.content) for one in message.messages),
        schema_json=message.schema_json,
        chain=tuple(message.chain),
        max_output_tokens=message.max_output_tokens,
        timeout_s=message.timeout_s,
        role=ModelRole(message.role) if message.role else None,
        long=message.long,
    )
