"""The SystemService: what the daemon is and what it can use."""

from importlib.metadata import version
from typing import Any

import grpc

from octra_proto.v1 import audit_pb2, system_pb2, system_pb2_grpc
from octrad.api.audit_models import answer_audit
from octrad.api.components import inspect_components
from octrad.api.model_choice import NoModelError, is_rehearsal
from octrad.api.parts import Parts
from octrad.api.stack_messages import list_stacks
from octrad.api.task_messages import timestamp
from octrad.foundation.config import Config
from octrad.gateway.calls import Model
from octrad.pipeline.questions.content_hash import hash_content
from octrad.pipeline.questions.provider_marks import known_marks
from octrad.tasks.list_tasks import count_tasks
from octrad.tasks.machine import TaskState

Context = grpc.aio.ServicerContext[Any, Any]
_UNDER_WAY = (TaskState.RUNNING, TaskState.REVIEW)


class SystemServicer(system_pb2_grpc.SystemServiceServicer):
    """The daemon over gRPC. What its methods raise becomes a status in `guard_handlers`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def GetStatus(self, request: system_pb2.GetStatusRequest, context: Context) -> system_pb2.GetStatusResponse:
        components = await inspect_components(self._parts)
        counts = await count_tasks(self._parts.database)
        return system_pb2.GetStatusResponse(
            version=version("octra"),
            started_at=timestamp(self._parts.started_at),
            components=components,
            running_tasks=sum(counts[state] for state in _UNDER_WAY),
            queued_tasks=counts[TaskState.QUEUED],
            state_dir=str(self._parts.state_dir),
            rehearsal=_begins_with_rehearsal(self._parts.config),
            content_hash=hash_content(self._parts.library.current),
        )

    async def ListModels(
        self, request: system_pb2.ListModelsRequest, context: Context
    ) -> system_pb2.ListModelsResponse:
        models = await self._parts.gateway.list_models(marks=await known_marks(self._parts.database))
        return system_pb2.ListModelsResponse(models=[_model_message(model) for model in models])

    async def ListStacks(
        self, request: system_pb2.ListStacksRequest, context: Context
    ) -> system_pb2.ListStacksResponse:
        return list_stacks(self._parts.library.current, request.name)

    async def AuditModels(
        self, request: audit_pb2.AuditModelsRequest, context: Context
    ) -> audit_pb2.AuditModelsResponse:
        return await answer_audit(self._parts, request)


def _begins_with_rehearsal(config: Config) -> bool:
    try:
        return is_rehearsal("", config)
    except NoModelError:
        return False


def _model_message(model: Model) -> system_pb2.Model:
    return system_pb2.Model(
        name=model.name,
        provider=model.provider,
        available=model.available,
        detail=model.detail,
        context_tokens=model.context_tokens,
        input_usd_per_million=model.input_usd_per_million,
        output_usd_per_million=model.output_usd_per_million,
        rehearsal=model.rehearsal,
        found_at=model.found_at,
        chains=model.chains,
    )
