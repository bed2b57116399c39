"""The AdvisorService: advice on tasks, and questions about them."""

from typing import Any

import grpc

from octra_proto.v1 import advisor_pb2, advisor_pb2_grpc
from octrad.api.authorise import current_caller
from octrad.api.model_choice import choose_models
from octrad.api.parts import Parts
from octrad.api.plain_text import require_plain_text
from octrad.api.request_id import require_request_id
from octrad.api.task_name import find_named_task
from octrad.foundation.errors import InvalidRequestError
from octrad.pipeline.advisor.consult import Inquiry

Context = grpc.aio.ServicerContext[Any, Any]

QUESTION_CHARACTERS = 4000


class AdvisorServicer(advisor_pb2_grpc.AdvisorServiceServicer):
    """The advisor over gRPC. What its methods raise becomes a status in `guard_handlers`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def AdviseTask(
        self, request: advisor_pb2.AdviseTaskRequest, context: Context
    ) -> advisor_pb2.AdviseTaskResponse:
        task = await find_named_task(self._parts.database, request.task)
        advice = await self._parts.advisor.advise(task)
        return advisor_pb2.AdviseTaskResponse(note=advice.note, next_command=advice.next_command)

    async def ConsultAdvisor(
        self, request: advisor_pb2.ConsultAdvisorRequest, context: Context
    ) -> advisor_pb2.ConsultAdvisorResponse:
        require_request_id(request.request_id)
        _require_question(request.question)
        task = await find_named_task(self._parts.database, request.task)
        chain = choose_models(request.model or task.model, self._parts.config)
        caller = current_caller()
        inquiry = Inquiry(request.question, chain, request.request_id, caller.uid, caller.quota)
        answered = await self._parts.advisor.consult(task, inquiry)
        return advisor_pb2.ConsultAdvisorResponse(
            answer=answered.answer, model=answered.model, rehearsal=answered.rehearsal
        )


def _require_question(question: str) -> None:
    if not question.strip():
        raise InvalidRequestError(
            "the question is empty", field="question", hint="leave it out for the advice that asks no model"
        )
    if len(question) > QUESTION_CHARACTERS:
        raise InvalidRequestError(
            f"the question has {len(question):,} characters; at most {QUESTION_CHARACTERS:,}", field="question"
        )
    require_plain_text(question, "question")
