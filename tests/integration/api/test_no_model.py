"""An octrad without a model takes no task, says how to get one, and does all the rest."""

from collections.abc import Iterator

import grpc
import pytest

from octra_proto.v1 import system_pb2, system_pb2_grpc, tasks_pb2, tasks_pb2_grpc
from tests.daemon import House, house
from tests.integration.api.conftest import reason_and_field


@pytest.fixture
def without_model() -> Iterator[House]:
    with house('[nix]\nnixpkgs = "stand-in"\nstore = "private"\n') as running:
        yield running


async def test_nothing_is_queued_where_nobody_could_answer(without_model: House) -> None:
    async with grpc.aio.insecure_channel(f"unix:{without_model.socket}") as channel:
        tasks = tasks_pb2_grpc.TaskServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await tasks.SubmitTask(tasks_pb2.SubmitTaskRequest(request="a todo list"))
        assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        reason, hint, _ = reason_and_field(caught.value)
        assert reason == "no_model"
        assert "chain = [" in hint
        assert not (await tasks.ListTasks(tasks_pb2.ListTasksRequest())).tasks
        status = await system_pb2_grpc.SystemServiceStub(channel).GetStatus(system_pb2.GetStatusRequest())
        assert not status.rehearsal
