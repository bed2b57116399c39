"""The AccessService: who the caller is, and what the audit log says."""

from typing import Any

import grpc

from octra_proto.v1 import access_pb2, access_pb2_grpc
from octrad.api.authorise import current_caller
from octrad.api.method_rights import allowed_actions
from octrad.api.parts import Parts
from octrad.api.plain_text import require_plain_text
from octrad.api.task_messages import timestamp
from octrad.tasks.audit import AuditEvent, AuditQuery, list_audit_events
from octrad.tasks.usage import read_usage

Context = grpc.aio.ServicerContext[Any, Any]


class AccessServicer(access_pb2_grpc.AccessServiceServicer):
    """Access over gRPC. What its methods raise becomes a status in `guard_handlers`."""

    def __init__(self, parts: Parts) -> None:
        self._database = parts.database

    async def WhoAmI(self, request: access_pb2.WhoAmIRequest, context: Context) -> access_pb2.WhoAmIResponse:
        caller = current_caller()
        usage = await read_usage(self._database, caller.uid)
        return access_pb2.WhoAmIResponse(
            uid=caller.uid,
            user=caller.name,
            groups=caller.groups,
            role=caller.role.word if caller.role else "",
            reason=caller.reason,
            may=allowed_actions(caller.role),
            quota=access_pb2.Quota(
                tasks_at_once=caller.quota.tasks_at_once,
                tasks_a_day=caller.quota.tasks_a_day,
                cost_usd_a_day=caller.quota.cost_usd_a_day,
            ),
            usage=access_pb2.Usage(
                tasks_at_once=usage.tasks_at_once,
                tasks_a_day=usage.tasks_a_day,
                cost_usd_a_day=usage.cost_usd_a_day,
            ),
        )

    async def ListAuditEvents(
        self, request: access_pb2.ListAuditEventsRequest, context: Context
    ) -> access_pb2.ListAuditEventsResponse:
        require_plain_text(request.user, "user")
        require_plain_text(request.target, "target")
        query = AuditQuery(request.user, request.target, request.page_size, request.page_token)
        page = await list_audit_events(self._database, query)
        return access_pb2.ListAuditEventsResponse(
            events=[_message(event) for event in page.events], next_page_token=page.next_page_token
        )


def _message(event: AuditEvent) -> access_pb2.AuditEvent:
    return access_pb2.AuditEvent(
        at=timestamp(event.at),
        uid=event.uid,
        user=event.user_name,
        method=event.method,
        target=event.target,
        request_id=event.request_id,
        outcome=event.outcome,
    )
