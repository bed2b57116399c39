# ruff: noqa: ARG002, N802 - the shape of a service is the protocol's
"""The wall around handlers, with handlers that misbehave: nothing leaks, and what they hold is let go."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from octra_proto.v1 import system_pb2, system_pb2_grpc, tasks_pb2, tasks_pb2_grpc
from octrad.api.guard_handlers import GuardHandlers
from octrad.foundation.errors import ExhaustedError
from tests.integration.api.conftest import reason_and_field

SECRET = "sk-very-secret"


class Misbehaving(system_pb2_grpc.SystemServiceServicer):
    async def GetStatus(self, request: Any, context: Any) -> system_pb2.GetStatusResponse:
        raise ValueError(SECRET)

    async def ListModels(self, request: Any, context: Any) -> system_pb2.ListModelsResponse:
        raise ExhaustedError("the disk is full", hint="make room")


class Endless(tasks_pb2_grpc.TaskServiceServicer):
    def __init__(self) -> None:
        self.closed = asyncio.Event()

    async def WatchTask(self, request: Any, context: Any) -> AsyncIterator[tasks_pb2.WatchTaskResponse]:
        try:
            while True:
                yield tasks_pb2.WatchTaskResponse(resume_after_seq=1)
                await asyncio.sleep(0)
        finally:
            self.closed.set()

    async def DiffTask(self, request: Any, context: Any) -> AsyncIterator[tasks_pb2.DiffTaskResponse]:
        yield tasks_pb2.DiffTaskResponse(chunk=b"x")
        raise RuntimeError(SECRET)


class LetAll:
    """Judges nobody: what is asked here is what the guard makes of errors."""

    async def __call__(self, method: str, request: Any, context: Any) -> None:
        pass

    def require_peer(self, context: Any) -> None:
        pass


@pytest.fixture
def endless() -> Endless:
    return Endless()  # type: ignore[abstract]  # the other methods stay unimplemented


@pytest.fixture
async def guarded(tmp_path: Path, endless: Endless) -> AsyncIterator[grpc.aio.Channel]:
    server = grpc.aio.server(interceptors=(GuardHandlers(LetAll()),))
    system_pb2_grpc.add_SystemServiceServicer_to_server(Misbehaving(), server)  # type: ignore[abstract]  # likewise
    tasks_pb2_grpc.add_TaskServiceServicer_to_server(endless, server)
    server.add_insecure_port(f"unix:{tmp_path}/s")
    await server.start()
    async with grpc.aio.insecure_channel(f"unix:{tmp_path}/s") as channel:
        yield channel
    await server.stop(0)


async def test_what_nobody_foresaw_is_an_incident_in_the_log_and_tells_nothing(
    guarded: grpc.aio.Channel, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(grpc.aio.AioRpcError) as caught:
        await system_pb2_grpc.SystemServiceStub(guarded).GetStatus(system_pb2.GetStatusRequest())
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    told = caught.value.details() or ""
    incident = told.removeprefix("internal error, incident ")
    assert incident in caplog.text
    assert SECRET in caplog.text
    assert SECRET not in str(caught.value) + str(caught.value.trailing_metadata())
    assert reason_and_field(caught.value)[0] == "internal"


async def test_an_error_in_the_midst_of_a_stream_is_an_incident_too(guarded: grpc.aio.Channel) -> None:
    call = tasks_pb2_grpc.TaskServiceStub(guarded).DiffTask(tasks_pb2.DiffTaskRequest())
    stream = aiter(call)
    assert (await anext(stream)).chunk == b"x"
    with pytest.raises(grpc.aio.AioRpcError, match="incident") as caught:
        await anext(stream)
    assert caught.value.code() is grpc.StatusCode.INTERNAL


async def test_an_error_of_ours_is_told_as_it_is(guarded: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await system_pb2_grpc.SystemServiceStub(guarded).ListModels(system_pb2.ListModelsRequest())
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert caught.value.details() == "the disk is full"
    assert reason_and_field(caught.value) == ("exhausted", "make room", "")


async def test_a_caller_that_leaves_frees_what_its_stream_holds(guarded: grpc.aio.Channel, endless: Endless) -> None:
    call = tasks_pb2_grpc.TaskServiceStub(guarded).WatchTask(tasks_pb2.WatchTaskRequest())
    await anext(aiter(call))
    call.cancel()
    async with asyncio.timeout(10):
        await endless.closed.wait()
