"""The control plane's side of the model gateway.

Asks, follows, re-asks with the same id when a connection or the gateway is lost. Knows no provider and no key.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import assert_never

from octra_proto.gateway.v1 import gateway_pb2 as pb
from octra_proto.gateway.v1.gateway_pb2_grpc import GatewayServiceStub
from octrad.foundation.errors import (
    CancelledByCallerError,
    ConfigurationError,
    InvalidRequestError,
    OctraError,
    UnavailableError,
)
from octrad.foundation.once.connection import ServantConnection
from octrad.foundation.once.execute_once import execute_once
from octrad.foundation.once.status import RemoteError
from octrad.gateway.audits import Audit, AuditedChain, AuditedModel, CountedQuestion, Hindrance, Probed, RateLimit
from octrad.gateway.calls import (
    Attempt,
    Completed,
    Completion,
    Embedding,
    Mark,
    Model,
    ModelRole,
    ModelsFailedError,
    Outcome,
    Writing,
)
from octrad.gateway.mark_message import mark_message, read_mark

ProgressListener = Callable[[Attempt | Writing], Awaitable[None]]

DEADLINE_S = 3600.0
# The gateway may have to start, load LiteLLM and wait for providers.
AUDIT_TIMEOUT_S = 75.0
# The gateway itself says when a provider took too long.
EMBED_GRACE_S = 0.5


class GatewayFailedError(OctraError):
    """The gateway failed in a way that is not a model's: a bug of ours."""


class GatewayClient:
    """Speaks to the gateway that `connection` finds or starts."""

    def __init__(self, connection: ServantConnection) -> None:
        self._connection = connection

    async def complete(
        self,
        request_id: str,
        completion: Completion,
        on_progress: ProgressListener | None = None,
        *,
        marks: Sequence[Mark] = (),
        deadline_s: float = DEADLINE_S,
    ) -> Completed:
        """Asks one question at most once for its id and returns the valid answer.

        Args:
            request_id: `TASK/STEP/#ATTEMPT`.
            completion: the question.
            on_progress: called for each attempt that failed or changed what is known of its provider, as it ends, and
                now and then while a long answer comes, in order.
            marks: what is known of providers already; no part of what is asked.
            deadline_s: seconds until we stop asking for the answer; the gateway goes on and keeps it.

        Raises:
            ModelsFailedError: no model gave a valid answer; its attempts are ledger rows too.
            ConfigurationError: no model can be asked, and why; nothing was sent.
            InvalidRequestError: the question itself is wrong.
            CancelledByCallerError: the call was cancelled by its id.
            UnavailableError: the gateway cannot be reached.
        """

        async def tell(response: pb.ExecuteResponse) -> None:
            if on_progress is not None:
                await on_progress(_progress(response.progress))

        response = await execute_once(
            self._connection,
            lambda channel, after: GatewayServiceStub(channel).Execute(
                pb.ExecuteRequest(
                    id=request_id,
                    completion=_message(completion),
                    after_progress=after,
                    again_if_interrupted=True,
                    provider_marks=[mark_message(mark) for mark in marks],
                )
            ),
            on_progress=tell,
            timeout_s=deadline_s,
        )
        return _result(response)

    async def wake(self) -> None:
        """Starts the gateway where it does not run, so that the first question need not wait for that.

        Raises:
            UnavailableError: it cannot be started.
        """
        await self._connection.channel()

    async def acknowledge(self, request_id: str) -> None:
        """Lets the gateway forget a result or failure that is recorded. An unknown id is fine."""
        request = pb.AcknowledgeRequest(id=request_id)
        await self._connection.call(lambda channel: GatewayServiceStub(channel).Acknowledge(request))

    async def acknowledge_all(self, id_prefix: str) -> None:
        """Lets a gateway that is there forget all that has ended and whose id begins so."""
        if await self._connection.is_running():
            request = pb.AcknowledgeRequest(id_prefix=id_prefix)
            await self._connection.call(lambda channel: GatewayServiceStub(channel).Acknowledge(request))

    async def cancel(self, id_prefix: str) -> int:
        """Ends every call whose id begins so; returns how many there were, once none is left.

        A gateway that is not there asks nothing and is not started for it.
        """
        if not await self._connection.is_running():
            return 0
        request = pb.CancelRequest(id_prefix=id_prefix)
        response = await self._connection.call(lambda channel: GatewayServiceStub(channel).Cancel(request))
        return response.cancelled

    async def list_models(self, names: Sequence[str] = (), *, marks: Sequence[Mark] = ()) -> tuple[Model, ...]:
        """Returns the models of these names, in order; none means what would be asked: the chains, and local models.

        `marks` are as for `complete`.
        """
        request = pb.ListModelsRequest(names=names, provider_marks=[mark_message(mark) for mark in marks])
        response = await self._connection.call(lambda channel: GatewayServiceStub(channel).ListModels(request))
        return tuple(_model(model) for model in response.models)

    async def audit(self, audit: Audit, *, marks: Sequence[Mark] = ()) -> tuple[AuditedChain, ...]:
        """Returns the judgement of each distinct chain, in the order of the questions, which are sent to no provider.

        `marks` are as for `complete`.

        Raises:
            ConfigurationError: there is no chain, or a name in it belongs to no provider.
            InvalidRequestError: a question is wrong.
            UnavailableError: the gateway cannot be reached.
        """
        request = pb.AuditRequest(
            chain=audit.chain,
            questions=[_message(question) for question in audit.questions],
            probe=audit.probe,
            may_come_up=sorted(audit.may_come_up),
            provider_marks=[mark_message(mark) for mark in marks],
        )
        try:
            response = await self._connection.call(
                lambda channel: GatewayServiceStub(channel).Audit(request), timeout_s=AUDIT_TIMEOUT_S
            )
        except RemoteError as error:
            raise _error(pb.Failed(code=error.code, message=error.message, hint=error.hint)) from error
        return tuple(_audited_chain(chain) for chain in response.chains)

    async def embed(self, request_id: str, model: str, text: str, *, timeout_s: float) -> Embedding:
        """Asks an embedding model for the vector of a text, once.

        Args:
            request_id: goes to the provider.
            model: PROVIDER/MODEL.
            text: of which a vector is wanted.
            timeout_s: for all of it, with the gateway's start.

        Raises:
            ConfigurationError: it cannot be asked, and nothing was sent.
            UnavailableError: the gateway cannot be reached, or is not there in time.
        """
        request = pb.EmbedRequest(id=request_id, model=model, text=text, timeout_s=timeout_s)
        try:
            response = await self._connection.call(
                lambda channel: GatewayServiceStub(channel).Embed(request), timeout_s=timeout_s + EMBED_GRACE_S
            )
        except RemoteError as error:
            raise _error(pb.Failed(code=error.code, message=error.message, hint=error.hint)) from error
        return Embedding(tuple(response.vector), _attempt(response.attempt))


def _result(response: pb.ExecuteResponse) -> Completed:
    match response.WhichOneof("message"):
        case "finished":
            finished = response.finished
            attempts = tuple(_attempt(attempt) for attempt in finished.attempts)
            return Completed(finished.answer_json, finished.model, finished.rehearsal, attempts)
        case "failed":
            raise _error(response.failed)
        case "interrupted":
            raise UnavailableError("the gateway was killed while it asked a model")
        case "accepted" | "progress" | None:
            raise UnavailableError("the gateway ended a call without an answer")
        case other:
            assert_never(other)


def _error(failed: pb.Failed) -> OctraError:
    """The gateway's typed failures, as the classes that the control plane's callers catch."""
    match failed.code:
        case ModelsFailedError.code:
            return ModelsFailedError(
                failed.message,
                hint=failed.hint,
                retryable=failed.retryable,
                failure_class=failed.failure_class,
                attempts=tuple(_attempt(attempt) for attempt in failed.attempts),
            )
        case ConfigurationError.code:
            return ConfigurationError(failed.message, hint=failed.hint)
        case InvalidRequestError.code:
            return InvalidRequestError(failed.message, hint=failed.hint)
        case CancelledByCallerError.code:
            return CancelledByCallerError(failed.message or "the call was cancelled")
        case UnavailableError.code:
            return UnavailableError(failed.message, hint=failed.hint)
        case code:
            return GatewayFailedError(f"{failed.message} ({code})", hint=failed.hint, retryable=failed.retryable)


def _message(completion: Completion) -> pb.Completion:
    return pb.Completion(
        question=completion.question,
        messages=[pb.Message(role=message.role, content=message.content) for message in completion.messages],
        schema_json=completion.schema_json,
        chain=completion.chain,
        max_output_tokens=completion.max_output_tokens,
        timeout_s=completion.timeout_s,
        role=completion.role or "",
        long=completion.long,
    )


def _progress(progress: pb.Progress) -> Attempt | Writing:
    if progress.HasField("writing"):
        return Writing(progress.writing.model, progress.writing.characters)
    return _attempt(progress.attempt)


def _attempt(attempt: pb.Attempt) -> Attempt:
    return Attempt(
        model=attempt.model,
        outcome=Outcome(attempt.outcome),
        reason=attempt.reason,
        error=attempt.error,
        input_tokens=attempt.input_tokens,
        output_tokens=attempt.output_tokens,
        cached_tokens=attempt.cached_tokens,
        cost_usd=attempt.cost_usd if attempt.HasField("cost_usd") else None,
        duration_ms=attempt.duration_ms,
        started_at_ms=attempt.started_at_ms,
        prices_hash=attempt.prices_hash,
        mark=read_mark(attempt.mark) if attempt.HasField("mark") else None,
    )


def _model(model: pb.Model) -> Model:
    return Model(
        name=model.name,
        provider=model.provider,
        available=model.available,
        detail=model.detail,
        context_tokens=model.context_tokens,
        input_usd_per_million=model.input_usd_per_million if model.HasField("input_usd_per_million") else None,
        output_usd_per_million=model.output_usd_per_million if model.HasField("output_usd_per_million") else None,
        rehearsal=model.rehearsal,
        output_tokens=model.output_tokens,
        found_at=model.found_at,
        chains=tuple(model.chains),
    )


def _audited_chain(chain: pb.AuditedChain) -> AuditedChain:
    return AuditedChain(
        roles=tuple(ModelRole(role) for role in chain.roles),
        keys=tuple(chain.keys),
        models=tuple(_audited(model) for model in chain.models),
    )


def _audited(audited: pb.AuditedModel) -> AuditedModel:
    return AuditedModel(
        model=_model(audited.model),
        hindrances=tuple(Hindrance(Outcome(one.outcome), one.words) for one in audited.hindrances),
        remarks=tuple(audited.remarks),
        questions=tuple(CountedQuestion(one.question, one.input_tokens) for one in audited.questions),
        approximate=audited.approximate,
        prices_from=audited.prices_from,
        probed=_probed(audited.probed) if audited.HasField("probed") else None,
        passed_over=audited.passed_over,
    )


def _probed(probed: pb.Probed) -> Probed:
    return Probed(
        model=probed.model,
        outcome=Outcome(probed.outcome),
        error=probed.error,
        at_ms=probed.at_ms,
        limits=tuple(_limit(limit) for limit in probed.limits),
        earlier=probed.earlier,
    )


def _limit(limit: pb.RateLimit) -> RateLimit:
    return RateLimit(
        name=limit.name,
        limit=limit.limit if limit.HasField("limit") else None,
        remaining=limit.remaining if limit.HasField("remaining") else None,
        resets_in_s=limit.resets_in_s if limit.HasField("resets_in_s") else None,
    )
