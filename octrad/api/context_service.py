"""The ContextService: what the agents of a project are told, and what people say and forget of it."""

from typing import Any

import grpc

from octra_proto.v1 import context_pb2, context_pb2_grpc
from octrad.api.authorise import current_caller
from octrad.api.context_choice import (
    require_forgetting,
    require_scope,
    require_statement,
    scope_message,
    type_message,
)
from octrad.api.parts import Parts
from octrad.api.project_name import require_project_name
from octrad.api.request_id import require_request_id
from octrad.api.task_messages import timestamp
from octrad.api.task_name import find_named_task
from octrad.foundation.errors import InvalidRequestError
from octrad.tasks.context.add_entries import say
from octrad.tasks.context.entry import Author, ContextEntry, GoneAs
from octrad.tasks.context.forget_entries import forget_entries
from octrad.tasks.context.read_entries import ContextQuery, list_entries
from octrad.tasks.list_budgets import require_project
from octrad.tasks.task import Role

Context = grpc.aio.ServicerContext[Any, Any]
# More would not fit into one message.
_FORGOTTEN_SHOWN = 200


class ContextServicer(context_pb2_grpc.ContextServiceServicer):
    """Projects' context over gRPC. What its methods raise becomes a status in `guard_handlers`."""

    def __init__(self, parts: Parts) -> None:
        self._database = parts.database

    async def ListContext(
        self, request: context_pb2.ListContextRequest, context: Context
    ) -> context_pb2.ListContextResponse:
        page = await list_entries(self._database, await self._query(request))
        return context_pb2.ListContextResponse(
            entries=[_entry_message(entry) for entry in page.entries], next_page_token=page.next_page_token
        )

    async def AddContext(
        self, request: context_pb2.AddContextRequest, context: Context
    ) -> context_pb2.AddContextResponse:
        require_request_id(request.request_id)
        statement, caller = require_statement(request), current_caller()
        author = Author(Role.USER, uid=caller.uid, user_name=caller.name)
        entry = await say(self._database, request.project, author, statement, request_id=request.request_id)
        return context_pb2.AddContextResponse(entry=_entry_message(entry))

    async def ForgetContext(
        self, request: context_pb2.ForgetContextRequest, context: Context
    ) -> context_pb2.ForgetContextResponse:
        require_request_id(request.request_id)
        forgotten = await forget_entries(
            self._database,
            request.project,
            require_forgetting(request),
            uid=current_caller().uid,
            request_id=request.request_id,
        )
        shown = [_entry_message(entry) for entry in forgotten[:_FORGOTTEN_SHOWN]]
        return context_pb2.ForgetContextResponse(entries=shown, forgotten=len(forgotten))

    async def _query(self, request: context_pb2.ListContextRequest) -> ContextQuery:
        if bool(request.project) == bool(request.task):
            raise InvalidRequestError(
                "name a project or a task", field="task" if request.task else "project", hint="`octractl list`"
            )
        if request.project:
            require_project_name(request.project)
            await require_project(self._database, request.project)
        task = await find_named_task(self._database, request.task) if request.task else None
        return ContextQuery(
            project=request.project,
            task_id=task.id if task else None,
            scope=require_scope(request.scope),
            include_gone=request.include_ended,
            page_size=request.page_size,
            page_token=request.page_token,
        )


def _entry_message(entry: ContextEntry) -> context_pb2.ContextEntry:
    return context_pb2.ContextEntry(
        id=entry.id,
        project=entry.project,
        scope=scope_message(entry.scope),
        type=type_message(entry.type),
        content=entry.content,
        important=entry.important,
        role=entry.role,
        task_id=entry.task_id or "",
        step=entry.step,
        team=entry.team,
        agent=entry.agent,
        user=entry.user_name or ("" if entry.uid is None else f"uid {entry.uid}"),
        created_at=timestamp(entry.created_at),
        end=_end_message(entry.gone_as),
        ended_at=timestamp(entry.gone_at),
    )


def _end_message(gone_as: GoneAs) -> "context_pb2.ContextEnd.ValueType":
    if gone_as is GoneAs.HERE:
        return context_pb2.CONTEXT_END_UNSPECIFIED
    return context_pb2.ContextEnd.Value(f"CONTEXT_END_{gone_as.name}")
