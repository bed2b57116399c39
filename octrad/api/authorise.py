"""Lets a call through or refuses it: who calls, whether they may, and the row of the audit log before it happens.

The decisions are `roles`' and `method_rights`'; here the kernel's word is fetched, the one task looked up that they
need, and the outcome written down. Nothing fails open: a caller without a name, a method without a right and a change
that cannot be written down are refused.
"""

from __future__ import annotations  # gRPC's classes take parameters only in their stubs

import asyncio
import logging
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeAlias

from octrad.api.method_rights import (
    RIGHTS,
    NotYourTaskError,
    Right,
    names_task,
    require_own_task,
    require_role,
    target_of,
)
from octrad.api.roles import AccessTable, Caller, caller_of
from octrad.api.task_name import find_named_task
from octrad.foundation.accounts import user_name
from octrad.foundation.door.peer import Peer
from octrad.foundation.errors import ForbiddenError, OctraError, UnauthenticatedError
from octrad.foundation.message_ids import MessageId
from octrad.foundation.postgres.pool import Database
from octrad.tasks.audit import NewAuditEvent, Outcome, add_audit_event

if TYPE_CHECKING:
    import grpc

    Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]

logger = logging.getLogger(__name__)
_caller: ContextVar[Caller] = ContextVar("caller")
# Names are asked for once; an account that is renamed is called by its old name until octrad starts again.
_NAMES_KEPT = 4096


def current_caller() -> Caller:
    """Who makes the call that is being answered. Only handlers behind the guard may ask."""
    return _caller.get()


class Authorise:
    """Judges every call of the API.

    Args:
        database: where tasks are looked up and the audit log is written.
        access: gives the table of who has which role now.
        peer_of: the front door's; None for a connection that did not come through it.
    """

    def __init__(
        self, database: Database, access: Callable[[], AccessTable], peer_of: Callable[[str], Peer | None]
    ) -> None:
        self._access = access
        self._database = database
        self._peer_of = peer_of
        self._names: dict[int, str] = {}

    async def __call__(self, method: str, request: Any, context: Context) -> None:
        """Returns when the call may go on; then `current_caller` tells its handler whose it is.

        Raises:
            UnauthenticatedError: the kernel does not say who calls.
            ForbiddenError: the caller may not do this.
            NotFoundError, InvalidRequestError: what is to be acted on is not named rightly.
            UnavailableError: it cannot be looked up or written down now.
        """
        peer = self.require_peer(context)
        caller = caller_of(peer, await self._name(peer.uid), self._access())
        _caller.set(caller)
        right = RIGHTS.get(method)
        if right is None:
            raise ForbiddenError(f"nobody may call {method}")
        try:
            await self._judge(caller, right, request)
        except ForbiddenError as error:
            await self._note_refusal(caller, method, right, request, error)
            raise
        if right.changes:
            await self._note(caller, method, right, request, Outcome.ALLOWED)

    def require_peer(self, context: Context) -> Peer:
        """Who is at the other end.

        Raises:
            UnauthenticatedError: the connection did not come through the door, or has ended.
        """
        peer = self._peer_of(context.peer())
        if peer is None:
            logger.warning("refused a call that did not come through the front door")
            raise UnauthenticatedError("octrad cannot tell who you are", hint="connect to octrad's own socket")
        return peer

    async def _judge(self, caller: Caller, right: Right, request: Any) -> None:
        require_role(caller, right)
        if not names_task(right, request):
            return
        task = await find_named_task(self._database, getattr(request, right.target), field=right.target)
        # What was judged is what is acted on: not another that the same prefix names a moment later.
        setattr(request, right.target, task.id)
        if right.own_task:
            require_own_task(caller, right, task.id, task.uid, task.user_name)

    async def _note_refusal(
        self, caller: Caller, method: str, right: Right, request: Any, refusal: ForbiddenError
    ) -> None:
        target_exists = isinstance(refusal, NotYourTaskError)
        try:
            await self._note(caller, method, right, request, Outcome.REFUSED, target_exists=target_exists)
        except OctraError as error:
            # It stays refused; the log has it.
            logger.warning("a refusal could not be written into the audit log: %s", error.message)

    async def _note(
        self,
        caller: Caller,
        method: str,
        right: Right,
        request: Any,
        outcome: Outcome,
        *,
        target_exists: bool = False,
    ) -> None:
        target = target_of(right, request)
        request_id = str(getattr(request, "request_id", ""))
        name = method.removeprefix("/")
        self._log(outcome, {"uid": str(caller.uid), "user": caller.name, "method": name, "target": target})
        new = NewAuditEvent(caller.uid, caller.name, name, target, request_id, outcome, target_exists)
        await add_audit_event(self._database, new)

    @staticmethod
    def _log(outcome: Outcome, fields: dict[str, str]) -> None:
        match outcome:
            case Outcome.ALLOWED:
                logger.info("a call was let through", extra={**fields, "message_id": MessageId.CALL_AUDITED})
            case Outcome.REFUSED:
                logger.warning("a call was refused", extra={**fields, "message_id": MessageId.CALL_REFUSED})

    async def _name(self, uid: int) -> str:
        if uid not in self._names:
            if len(self._names) >= _NAMES_KEPT:
                self._names.clear()
            self._names[uid] = await asyncio.to_thread(user_name, uid)
        return self._names[uid]
