"""One octrad for all tests of the API: a real process with its own PostgreSQL, and a rehearsal in place of a model."""

from collections.abc import AsyncIterator, Iterator
from typing import cast

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from octra_proto.v1 import snapshots_pb2_grpc, system_pb2_grpc, tasks_pb2_grpc
from tests.daemon import House, Rehearsal, config_for, house


@pytest.fixture(scope="package")
def rehearsal() -> Iterator[Rehearsal]:
    server = Rehearsal()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="package")
def octrad(rehearsal: Rehearsal) -> Iterator[House]:
    with house(config_for(rehearsal, extra="[limits]\nbundle_bytes = 4194304\n")) as running:
        yield running


@pytest.fixture
async def channel(octrad: House) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(f"unix:{octrad.socket}") as open_channel:
        yield open_channel


@pytest.fixture
def tasks(channel: grpc.aio.Channel) -> "tasks_pb2_grpc.TaskServiceAsyncStub":
    return tasks_pb2_grpc.TaskServiceStub(channel)


@pytest.fixture
def snapshots(channel: grpc.aio.Channel) -> "snapshots_pb2_grpc.SnapshotServiceAsyncStub":
    return snapshots_pb2_grpc.SnapshotServiceStub(channel)


@pytest.fixture
def system(channel: grpc.aio.Channel) -> "system_pb2_grpc.SystemServiceAsyncStub":
    return system_pb2_grpc.SystemServiceStub(channel)


def reason_and_field(error: grpc.aio.AioRpcError) -> tuple[str, str, str]:
    """The code, the hint and the field that an error's details tell."""
    metadata = dict(tuple(error.trailing_metadata()))
    status = status_pb2.Status.FromString(cast("bytes", metadata["grpc-status-details-bin"]))
    info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(info) or detail.Unpack(request)
    assert info.domain == "octra"
    field = request.field_violations[0].field if request.field_violations else ""
    return info.reason, info.metadata["hint"], field
