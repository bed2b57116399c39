"""An octrad without a model takes no task, says how to get one, and does all the rest."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import grpc
import pytest
from aiohttp import web

from octra_proto.v1 import audit_pb2, system_pb2, system_pb2_grpc, tasks_pb2, tasks_pb2_grpc
from tests.daemon import House, house
from tests.integration.api.conftest import reason_and_field


@pytest.fixture
def without_model() -> Iterator[House]:
    # Whatever else runs on this machine is none of the test's.
    with house('[models]\nlocal_servers = "off"\n[nix]\nnixpkgs = "stand-in"\nstore = "private"\n') as running:
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


OLLAMA_PORT = 11434


@pytest.fixture
async def ollama() -> AsyncIterator[None]:
    """A server at Ollama's port that has a model loaded, which fails; skips where somebody else holds that port."""

    async def answer(request: web.Request) -> web.Response:
        loaded = {"models": [{"name": "qwen3:8b"}]}
        return web.json_response(loaded if request.path == "/api/ps" else {"error": "no"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", OLLAMA_PORT).start()
    except OSError:
        await runner.cleanup()
        pytest.skip(f"port {OLLAMA_PORT} is taken")
    yield
    await runner.cleanup()


@pytest.fixture
def without_chain() -> Iterator[House]:
    with house('[nix]\nnixpkgs = "stand-in"\nstore = "private"\n') as running:
        yield running


@pytest.mark.usefixtures("ollama")
async def test_loaded_local_model_takes_the_place_of_a_chain(without_chain: House) -> None:
    async with grpc.aio.insecure_channel(f"unix:{without_chain.socket}") as channel:
        tasks = tasks_pb2_grpc.TaskServiceStub(channel)
        task = await submit_patiently(tasks)
        audit = await system_pb2_grpc.SystemServiceStub(channel).AuditModels(audit_pb2.AuditModelsRequest())
        # A gateway that is asking a model would be left to it by the end of octrad.
        await tasks.CancelTask(tasks_pb2.CancelTaskRequest(task=task.id))
    assert not task.rehearsal
    (chain,) = audit.chains
    assert [model.name for model in chain.models] == ["local-ollama/qwen3:8b"]
    assert chain.keys == ["models.chain"]


async def submit_patiently(tasks: "tasks_pb2_grpc.TaskServiceAsyncStub") -> tasks_pb2.Task:
    """Submits until it is taken: on a busy machine the gateway may be too slow for its first look."""
    for _ in range(240):
        with contextlib.suppress(grpc.aio.AioRpcError):
            return (await tasks.SubmitTask(tasks_pb2.SubmitTaskRequest(request="a todo list"))).task
        await asyncio.sleep(0.25)
    raise AssertionError("never taken")
