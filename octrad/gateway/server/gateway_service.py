"""The gateway's gRPC service: translates, and leaves at-most-once to the engine. Errors are the shell's to map."""

from collections.abc import AsyncIterator
from typing import Any, assert_never

from octra_proto.gateway.v1 import gateway_pb2 as pb
from octra_proto.gateway.v1.gateway_pb2_grpc import GatewayServiceServicer
from octrad.foundation.once import messages as once
from octrad.foundation.once.engine import Engine
from octrad.gateway.calls import Attempt, Writing
from octrad.gateway.mark_message import read_marks
from octrad.gateway.server.answer_question import QuestionAnswerer
from octrad.gateway.server.audit_chains import ChainAuditor
from octrad.gateway.server.embed_text import TextEmbedder
from octrad.gateway.server.health_board import HealthBoard
from octrad.gateway.server.list_models import ModelLister
from octrad.gateway.server.report_attempt import attempt_message, finished_message, progress_message, read_completion
from octrad.gateway.server.report_audit import audit_response, model_message, read_audit

Context = Any  # grpc.aio.ServicerContext, of which nothing is used


class GatewayServicer(GatewayServiceServicer):
    """See gateway.proto."""

    def __init__(
        self,
        engine: Engine,
        answerer: QuestionAnswerer,
        lister: ModelLister,
        auditor: ChainAuditor,
        embedder: TextEmbedder,
        board: HealthBoard,
    ) -> None:
        self._engine = engine
        self._answerer = answerer
        self._lister = lister
        self._auditor = auditor
        self._embedder = embedder
        self._board = board

    async def Execute(self, request: pb.ExecuteRequest, context: Context) -> AsyncIterator[pb.ExecuteResponse]:
        self._board.take(read_marks(request.provider_marks))

        async def work(report: once.Report) -> bytes:
            def tell(progress: Attempt | Writing) -> None:
                report(progress_message(progress).SerializeToString())

            completed = await self._answerer.answer(request.id, read_completion(request.completion), tell)
            return finished_message(completed).SerializeToString()

        execution = self._engine.execute(
            request.id,
            once.request_digest(request),
            work,
            after_progress=request.after_progress,
            again_if_interrupted=request.again_if_interrupted,
        )
        async for message in execution:
            yield _response(message)

    async def Acknowledge(self, request: pb.AcknowledgeRequest, context: Context) -> pb.AcknowledgeResponse:
        if request.id_prefix:
            await self._engine.acknowledge_all(request.id_prefix)
        else:
            await self._engine.acknowledge(request.id)
        return pb.AcknowledgeResponse()

    async def Cancel(self, request: pb.CancelRequest, context: Context) -> pb.CancelResponse:
        return pb.CancelResponse(cancelled=await self._engine.cancel(request.id_prefix))

    async def ListModels(self, request: pb.ListModelsRequest, context: Context) -> pb.ListModelsResponse:
        self._board.take(read_marks(request.provider_marks))
        models = await self._lister.list(tuple(request.names))
        return pb.ListModelsResponse(models=[model_message(model) for model in models])

    async def Audit(self, request: pb.AuditRequest, context: Context) -> pb.AuditResponse:
        self._board.take(read_marks(request.provider_marks))
        return audit_response(await self._auditor.audit(read_audit(request)))

    async def Embed(self, request: pb.EmbedRequest, context: Context) -> pb.EmbedResponse:
        embedding = await self._embedder.embed(request.id, request.model, request.text, request.timeout_s)
        return pb.EmbedResponse(vector=embedding.vector, attempt=attempt_message(embedding.attempt))


def _response(message: once.Message) -> pb.ExecuteResponse:
    match message:
        case once.Accepted():
            return pb.ExecuteResponse(accepted=pb.Accepted())
        case once.Progress(number, payload, missed):
            progress = pb.Progress.FromString(payload)
            progress.number, progress.missed = number, missed
            return pb.ExecuteResponse(progress=progress)
        case once.Finished(payload):
            return pb.ExecuteResponse(finished=pb.Finished.FromString(payload))
        case once.Failed():
            return pb.ExecuteResponse(failed=_failed(message))
        case once.Interrupted():
            return pb.ExecuteResponse(interrupted=pb.Interrupted())
        case _:
            assert_never(message)


def _failed(failure: once.Failed) -> pb.Failed:
    failed = pb.Failed.FromString(failure.payload)
    failed.code = failure.code
    failed.message = failure.message
    failed.hint = failure.hint
    failed.retryable = failure.retryable
    return failed
