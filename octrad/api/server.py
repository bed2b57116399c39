"""The gRPC server behind the front door: our services behind the guard, with health and reflection beside them.

It is made when somebody calls, and goes when nobody does; the servicers stay.
"""

import asyncio
import os
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection

from octra_proto.v1 import (
    access_pb2,
    access_pb2_grpc,
    advisor_pb2,
    advisor_pb2_grpc,
    budgets_pb2,
    budgets_pb2_grpc,
    context_pb2,
    context_pb2_grpc,
    knowledge_pb2,
    knowledge_pb2_grpc,
    snapshots_pb2,
    snapshots_pb2_grpc,
    system_pb2,
    system_pb2_grpc,
    tasks_pb2,
    tasks_pb2_grpc,
)
from octrad.api.access_service import AccessServicer
from octrad.api.access_table import CurrentAccess
from octrad.api.advisor_service import AdvisorServicer
from octrad.api.authorise import Authorise
from octrad.api.budget_service import BudgetServicer
from octrad.api.context_service import ContextServicer
from octrad.api.guard_handlers import GuardHandlers
from octrad.api.knowledge_service import KnowledgeServicer
from octrad.api.parts import Parts
from octrad.api.snapshot_service import SnapshotServicer
from octrad.api.system_service import SystemServicer
from octrad.api.task_service import TaskServicer
from octrad.foundation.door.front_door import FrontDoor
from octrad.foundation.door.listener import open_listener
from octrad.foundation.door.peer import Peer
from octrad.foundation.door.raise_descriptor_limit import raise_descriptor_limit
from octrad.foundation.door.server_on_demand import ServerOnDemand
from octrad.foundation.end_tasks import end_tasks
from octrad.foundation.errors import ConfigurationError
from octrad.foundation.unix_socket import MAX_SOCKET_PATH_BYTES

SOCKET_NAME = "octra.sock"
_SOCKET_MODE = 0o660
_SERVICES = (
    tasks_pb2.DESCRIPTOR.services_by_name["TaskService"].full_name,
    snapshots_pb2.DESCRIPTOR.services_by_name["SnapshotService"].full_name,
    system_pb2.DESCRIPTOR.services_by_name["SystemService"].full_name,
    access_pb2.DESCRIPTOR.services_by_name["AccessService"].full_name,
    budgets_pb2.DESCRIPTOR.services_by_name["BudgetService"].full_name,
    advisor_pb2.DESCRIPTOR.services_by_name["AdvisorService"].full_name,
    knowledge_pb2.DESCRIPTOR.services_by_name["KnowledgeService"].full_name,
    context_pb2.DESCRIPTOR.services_by_name["ContextService"].full_name,
)
# Unlimited keepalive pings would let one client occupy us; these are gRPC's defaults for messages said aloud.
_OPTIONS = (("grpc.max_receive_message_length", 4 * 1024 * 1024), ("grpc.max_send_message_length", 4 * 1024 * 1024))
# What was answered last is still on its way through the door; a caller that does not read is not waited for.
_DELIVERY_S = 2.0


class ApiServer:
    """The API while it is served.

    Raises:
        ConfigurationError: the configuration names a user or a group that does not exist.
    """

    def __init__(self, parts: Parts) -> None:
        self._path = socket_path(parts.state_dir)
        self._door: FrontDoor | None = None
        self._letting_in: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._authorise = Authorise(parts.database, CurrentAccess(lambda: parts.config), self._peer_of)
        self._tasks = TaskServicer(parts)
        self._snapshots = SnapshotServicer(parts)
        self._system = SystemServicer(parts)
        self._access = AccessServicer(parts)
        self._budgets = BudgetServicer(parts)
        self._advisor = AdvisorServicer(parts)
        self._knowledge = KnowledgeServicer(parts)
        self._context = ContextServicer(parts)
        self._health = health_aio.HealthServicer()
        self._server = ServerOnDemand(self._make, parts.state_dir / "api")

    async def start(self, group: asyncio.TaskGroup) -> str:
        """Begins to serve, and returns the path of the socket. The caller holds the lock of the state directory.

        Args:
            group: owns the door; when that fails, so does all.

        Raises:
            UnavailableError: gRPC cannot serve here.
        """
        raise_descriptor_limit()
        for service in ("", *_SERVICES):
            await self._health.set(service, health_pb2.HealthCheckResponse.SERVING)
        async with self._server.reach():  # what is wrong with it is said now, not to the first who calls
            listener = open_listener(self._path, mode=_SOCKET_MODE)
        path = str(listener.getsockname())
        # Everybody who may open the socket is let in: who may do nothing is told so.
        self._door = FrontDoor(listener, self._server.reach, admit=lambda _: True)
        self._letting_in = group.create_task(self._door.run(), name="front door")
        self._leaving = group.create_task(self._server.run(), name="server on demand")
        return path

    async def refuse(self) -> None:
        """Tells health checks that the end is near; calls are still answered."""
        await self._health.enter_graceful_shutdown()

    async def stop(self, grace_s: float) -> None:
        """Takes no new connection, ends, leaving what is being answered `grace_s` seconds; then our socket is gone."""
        if self._door:
            self._door.refuse()
        if self._leaving:
            await end_tasks(self._leaving)
        await self._server.end(grace_s)
        if self._door and self._letting_in:
            await asyncio.wait({self._letting_in}, timeout=_DELIVERY_S)
            self._door.close()
            await asyncio.wait({self._letting_in})

    def _make(self) -> grpc.aio.Server:
        server = grpc.aio.server(interceptors=(GuardHandlers(self._authorise),), options=_OPTIONS)
        tasks_pb2_grpc.add_TaskServiceServicer_to_server(self._tasks, server)
        snapshots_pb2_grpc.add_SnapshotServiceServicer_to_server(self._snapshots, server)
        system_pb2_grpc.add_SystemServiceServicer_to_server(self._system, server)
        access_pb2_grpc.add_AccessServiceServicer_to_server(self._access, server)
        budgets_pb2_grpc.add_BudgetServiceServicer_to_server(self._budgets, server)
        advisor_pb2_grpc.add_AdvisorServiceServicer_to_server(self._advisor, server)
        knowledge_pb2_grpc.add_KnowledgeServiceServicer_to_server(self._knowledge, server)
        context_pb2_grpc.add_ContextServiceServicer_to_server(self._context, server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        reflection.enable_server_reflection((*_SERVICES, "grpc.health.v1.Health", reflection.SERVICE_NAME), server)
        return server

    def _peer_of(self, name: str) -> Peer | None:
        return self._door.peer_of(name) if self._door else None


def socket_path(state_dir: Path) -> Path:
    """Where the API's socket is, unless systemd passes another.

    Raises:
        ConfigurationError: the path is longer than the kernel takes.
    """
    path = state_dir / SOCKET_NAME
    length = len(os.fsencode(path))
    if length > MAX_SOCKET_PATH_BYTES:
        raise ConfigurationError(
            f"the socket's path has {length} bytes, and the kernel takes {MAX_SOCKET_PATH_BYTES}: {path}",
            hint="choose a shorter --state-dir",
        )
    return path
