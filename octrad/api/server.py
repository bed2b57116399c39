"""The gRPC server on the Unix socket: our services behind the guard, with health and reflection beside them."""

import os
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection

from octra_proto.v1 import snapshots_pb2, snapshots_pb2_grpc, system_pb2, system_pb2_grpc, tasks_pb2, tasks_pb2_grpc
from octrad.api.guard_handlers import GuardHandlers
from octrad.api.parts import Parts
from octrad.api.snapshot_service import SnapshotServicer
from octrad.api.system_service import SystemServicer
from octrad.api.task_service import TaskServicer
from octrad.foundation.errors import ConfigurationError
from octrad.foundation.unix_socket import MAX_SOCKET_PATH_BYTES

SOCKET_NAME = "octra.sock"
_OWNER_AND_GROUP_ONLY = 0o117
_SERVICES = (
    tasks_pb2.DESCRIPTOR.services_by_name["TaskService"].full_name,
    snapshots_pb2.DESCRIPTOR.services_by_name["SnapshotService"].full_name,
    system_pb2.DESCRIPTOR.services_by_name["SystemService"].full_name,
)
# Unlimited keepalive pings would let one client occupy us; these are gRPC's defaults for messages said aloud.
_OPTIONS = (("grpc.max_receive_message_length", 4 * 1024 * 1024), ("grpc.max_send_message_length", 4 * 1024 * 1024))


class ApiServer:
    """The API while it is served."""

    def __init__(self, parts: Parts) -> None:
        self._path = socket_path(parts.state_dir)
        self._server = grpc.aio.server(interceptors=(GuardHandlers(),), options=_OPTIONS)
        self._health = health_aio.HealthServicer()
        tasks_pb2_grpc.add_TaskServiceServicer_to_server(TaskServicer(parts), self._server)
        snapshots_pb2_grpc.add_SnapshotServiceServicer_to_server(SnapshotServicer(parts), self._server)
        system_pb2_grpc.add_SystemServiceServicer_to_server(SystemServicer(parts), self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection(
            (*_SERVICES, "grpc.health.v1.Health", reflection.SERVICE_NAME), self._server
        )

    async def start(self) -> Path:
        """Begins to serve and returns the socket's path. The caller holds the lock of the state directory."""
        self._path.unlink(missing_ok=True)
        # The socket must never be open to others, not even between its making and a chmod.
        before = os.umask(_OWNER_AND_GROUP_ONLY)
        try:
            self._server.add_insecure_port(f"unix:{self._path}")
        finally:
            os.umask(before)
        await self._server.start()
        for service in ("", *_SERVICES):
            await self._health.set(service, health_pb2.HealthCheckResponse.SERVING)
        return self._path

    async def refuse(self) -> None:
        """Tells health checks that the end is near; calls are still answered."""
        await self._health.enter_graceful_shutdown()

    async def stop(self, grace_s: float) -> None:
        """Ends, leaving what is being answered `grace_s` seconds; then the socket is gone."""
        await self._server.stop(grace_s)
        self._path.unlink(missing_ok=True)


def socket_path(state_dir: Path) -> Path:
    """Where the API's socket is.

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
