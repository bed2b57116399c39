"""The gRPC server behind the front door: our services behind the guard, with health and reflection beside them."""

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
from octrad.api.guard_handlers import GuardHandlers
from octrad.api.parts import Parts
from octrad.api.snapshot_service import SnapshotServicer
from octrad.api.system_service import SystemServicer
from octrad.api.task_service import TaskServicer
from octrad.foundation.door.front_door import FrontDoor
from octrad.foundation.door.listener import open_listener
from octrad.foundation.door.peer import Peer
from octrad.foundation.door.raise_descriptor_limit import raise_descriptor_limit
from octrad.foundation.errors import ConfigurationError
from octrad.foundation.unix_socket import MAX_SOCKET_PATH_BYTES, private_socket_path

SOCKET_NAME = "octra.sock"
_SOCKET_MODE = 0o660
_SERVICES = (
    tasks_pb2.DESCRIPTOR.services_by_name["TaskService"].full_name,
    snapshots_pb2.DESCRIPTOR.services_by_name["SnapshotService"].full_name,
    system_pb2.DESCRIPTOR.services_by_name["SystemService"].full_name,
    access_pb2.DESCRIPTOR.services_by_name["AccessService"].full_name,
    advisor_pb2.DESCRIPTOR.services_by_name["AdvisorService"].full_name,
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
        self._inner = _inner_path(parts.state_dir)
        self._door: FrontDoor | None = None
        self._letting_in: asyncio.Task[None] | None = None
        authorise = Authorise(parts.database, CurrentAccess(lambda: parts.config), self._peer_of)
        self._server = grpc.aio.server(interceptors=(GuardHandlers(authorise),), options=_OPTIONS)
        self._health = health_aio.HealthServicer()
        tasks_pb2_grpc.add_TaskServiceServicer_to_server(TaskServicer(parts), self._server)
        snapshots_pb2_grpc.add_SnapshotServiceServicer_to_server(SnapshotServicer(parts), self._server)
        system_pb2_grpc.add_SystemServiceServicer_to_server(SystemServicer(parts), self._server)
        access_pb2_grpc.add_AccessServiceServicer_to_server(AccessServicer(parts), self._server)
        advisor_pb2_grpc.add_AdvisorServiceServicer_to_server(AdvisorServicer(parts), self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection(
            (*_SERVICES, "grpc.health.v1.Health", reflection.SERVICE_NAME), self._server
        )

    async def start(self, group: asyncio.TaskGroup) -> str:
        """Begins to serve, and returns the path of the socket. The caller holds the lock of the state directory.

        Args:
            group: owns the door; when that fails, so does all.
        """
        raise_descriptor_limit()
        self._inner.unlink(missing_ok=True)
        self._server.add_insecure_port(f"unix:{self._inner}")
        await self._server.start()
        for service in ("", *_SERVICES):
            await self._health.set(service, health_pb2.HealthCheckResponse.SERVING)
        listener = open_listener(self._path, mode=_SOCKET_MODE)
        path = str(listener.getsockname())
        # Everybody who may open the socket is let in: who may do nothing is told so.
        self._door = FrontDoor(listener, self._inner, admit=lambda _: True)
        self._letting_in = group.create_task(self._door.run(), name="front door")
        return path

    async def refuse(self) -> None:
        """Tells health checks that the end is near; calls are still answered."""
        await self._health.enter_graceful_shutdown()

    async def stop(self, grace_s: float) -> None:
        """Takes no new connection, ends, leaving what is being answered `grace_s` seconds; then our socket is gone."""
        if self._door:
            self._door.refuse()
        await self._server.stop(grace_s)
        if self._door and self._letting_in:
            await asyncio.wait({self._letting_in}, timeout=_DELIVERY_S)
            self._door.close()
            await asyncio.wait({self._letting_in})

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


def _inner_path(state_dir: Path) -> Path:
    """Where gRPC itself listens: in a directory that is open to our user only."""
    path = private_socket_path(state_dir / "api", "inner.sock")
    path.parent.chmod(0o700)
    return path
