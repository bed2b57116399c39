"""What the daemon says of itself."""

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from octra_proto.v1 import system_pb2
from tests.daemon import House, wait_until

if TYPE_CHECKING:
    from octra_proto.v1.system_pb2_grpc import SystemServiceAsyncStub

# Counted as in the bench and the booted system.
IDLE_BYTES = 80 * 1024**2


async def test_status_tells_what_it_is_and_how_its_parts_are(system: "SystemServiceAsyncStub", octrad: House) -> None:
    status = await system.GetStatus(system_pb2.GetStatusRequest())
    parts = {component.name: component for component in status.components}
    assert list(parts) == ["database", "cache", "gateway", "runner", "nix", "library"]
    assert parts["database"].healthy
    assert "PostgreSQL" in parts["database"].detail
    assert parts["nix"].healthy, parts["nix"].detail
    assert status.state_dir == str(octrad.state_dir)
    assert status.rehearsal
    assert status.version
    assert status.HasField("started_at")


async def test_stacks_are_listed_by_name(system: "SystemServiceAsyncStub") -> None:
    listed = await system.ListStacks(system_pb2.ListStacksRequest())
    names = [stack.name for stack in listed.stacks]
    assert names == sorted(names)
    assert len(names) >= 30
    assert {"python", "node", "rust", "cpp", "go"} <= set(names)
    assert all(stack.title for stack in listed.stacks)


async def test_one_stack_is_told_with_all_that_it_says(system: "SystemServiceAsyncStub") -> None:
    [stack] = (await system.ListStacks(system_pb2.ListStacksRequest(name="rails"))).stacks
    assert (stack.name, stack.refines, stack.shell, stack.own) == ("rails", "ruby", "mkShell", False)
    assert "ruby" in stack.attributes
    assert [(one.name, one.value) for one in stack.variables] == [("BUNDLE_PATH", "vendor/bundle")]
    assert [step.network for step in stack.scaffold] == [True, True]
    assert "bin/rails" in stack.detect
    assert stack.checks
    assert stack.ignore
    assert stack.guides
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await system.ListStacks(system_pb2.ListStacksRequest(name="cobol"))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_models_are_the_configured_chain(system: "SystemServiceAsyncStub") -> None:
    listed = await system.ListModels(system_pb2.ListModelsRequest())
    assert [(model.name, model.available, model.rehearsal) for model in listed.models] == [
        ("rehearsal/python-cli", True, True)
    ]


async def test_every_service_is_healthy(channel: grpc.aio.Channel) -> None:
    health = health_pb2_grpc.HealthStub(channel)
    for service in ("", "octra.v1.TaskService", "octra.v1.SnapshotService", "octra.v1.KnowledgeService"):
        answer = await health.Check(health_pb2.HealthCheckRequest(service=service))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_reflection_lists_every_service(channel: grpc.aio.Channel) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    call = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
    names = [service.name async for answer in call for service in answer.list_services_response.service]
    assert {"octra.v1.TaskService", "octra.v1.SnapshotService", "octra.v1.SystemService"} <= set(names)


def test_the_socket_is_for_owner_and_group(octrad: House) -> None:
    assert stat.S_IMODE(octrad.socket.stat().st_mode) == 0o660


def test_an_idle_octrad_is_small(octrad: House) -> None:
    assert octrad.process
    statm = Path(f"/proc/{octrad.process.pid}/statm")

    def resident_bytes() -> int:
        return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGESIZE")

    # Its server goes a few seconds after the last call.
    wait_until(lambda: resident_bytes() <= IDLE_BYTES, 20, f"{resident_bytes():,} bytes are less than {IDLE_BYTES:,}")
