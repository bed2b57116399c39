"""Real little servers at free ports, in the place of the seven; and the gateway with one of them at its real port."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from octrad.foundation.config import Config, parse_config
from octrad.foundation.once.connection import ServantConnection
from octrad.gateway.calls import Model
from octrad.gateway.client import GatewayClient
from octrad.gateway.server.local.find_servers import LocalServers
from octrad.gateway.server.local.known_servers import SERVERS, LoadedModel
from octrad.gateway.server.local.port_owners import read_listeners
from tests.integration.gateway.conftest import House, question

# Long enough for the most loaded machine; nothing here waits for it but a server that hangs.
PATIENT_S = 20.0
ANSWERS: Mapping[str, Any] = {
    "Ollama": {"models": [{"name": "qwen3:8b", "context_length": 8192}, {"name": "kimi:cloud"}]},
    "LM Studio": {"data": [{"id": "phi", "type": "llm", "state": "loaded"}, {"id": "x", "state": "not-loaded"}]},
    "llama.cpp": {"data": [{"id": "a.gguf", "owned_by": "llamacpp"}]},
    "Jan": {"data": [{"id": "jan-nano", "owned_by": "user"}]},
    "GPT4All": {"data": [{"id": "b.gguf", "owned_by": "humanity"}]},
    "vLLM": {"data": [{"id": "Qwen/Qwen3-8B", "owned_by": "vllm"}]},
    "text-generation-webui": {"model_name": "c.gguf"},
}


@contextlib.asynccontextmanager
async def listening(answer: Callable[[web.Request], Any], port: int = 0) -> AsyncIterator[int]:
    """A server on loopback; yields its port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def answering(path: str, answer: Any) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.Response:
        return web.json_response(answer) if request.path == path else web.Response(status=404)

    return handle


async def test_all_seven_are_found_at_once() -> None:
    async with contextlib.AsyncExitStack() as stack:
        servers = [
            replace(
                server, port=await stack.enter_async_context(listening(answering(server.path, ANSWERS[server.title])))
            )
            for server in SERVERS
        ]
        found = await LocalServers(servers, probe_s=PATIENT_S).find(Config())
    assert {one.server.title: [model.name for model in one.models] for one in found} == {
        "Ollama": ["qwen3:8b"],
        "LM Studio": ["phi"],
        "llama.cpp": ["a.gguf"],
        "Jan": ["jan-nano"],
        "GPT4All": ["b.gguf"],
        "vLLM": ["Qwen/Qwen3-8B"],
        "text-generation-webui": ["c.gguf"],
    }
    assert found[0].models == (LoadedModel("qwen3:8b", 8192),)


async def _hang(_: web.Request) -> web.Response:
    await asyncio.sleep(3600)
    return web.Response()


async def _page(_: web.Request) -> web.Response:
    return web.Response(text="<html>It works!</html>", content_type="text/html")


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b'{"models": [' * 1000)


async def _wants_a_key(_: web.Request) -> web.Response:
    return web.json_response({"error": "unauthorized"}, status=401)


async def _nested(_: web.Request) -> web.Response:
    return web.Response(body=b"[" * 100_000)


@pytest.mark.parametrize("handler", [_page, _endless, _wants_a_key, _nested])
async def test_what_answers_something_else_is_no_server(handler: Callable[[web.Request], Any]) -> None:
    async with listening(handler) as port:
        assert await LocalServers([replace(SERVERS[0], port=port)], probe_s=PATIENT_S).find(Config()) == ()


async def test_all_are_asked_at_once() -> None:
    together = asyncio.Barrier(2)

    async def wait_for_the_other(_: web.Request) -> web.Response:
        await together.wait()
        return web.json_response(ANSWERS["Ollama"])

    async with listening(wait_for_the_other) as first, listening(wait_for_the_other) as second:
        servers = [replace(SERVERS[0], port=first), replace(SERVERS[0], port=second), replace(SERVERS[0], port=1)]
        found = await LocalServers(servers, probe_s=PATIENT_S).find(Config())
    assert [one.server.port for one in found] == [first, second]


async def test_what_hangs_is_not_waited_for() -> None:
    async with listening(_hang) as port:
        assert await LocalServers([replace(SERVERS[0], port=port)]).find(Config()) == ()


async def test_look_is_remembered_for_a_while_and_made_anew_when_asked() -> None:
    asked = 0

    async def count(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.json_response(ANSWERS["Ollama"])

    async with listening(count) as port:
        local = LocalServers([replace(SERVERS[0], port=port)], probe_s=PATIENT_S)
        finds = [local.find(Config()) for _ in range(5)]
        assert len(set(await asyncio.gather(*finds))) == 1
        assert asked == 1
        await local.find(Config(), fresh_s=0)
        assert asked == 2
        assert await local.find(parse_config('[models]\nlocal_servers = "off"'), fresh_s=0) == ()
        assert asked == 2


STRANGER = textwrap.dedent(
    """
    import os, socket, sys
    os.setgid(int(sys.argv[1]))
    os.setuid(int(sys.argv[1]))
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    while True:
        connection, _ = server.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\n" + sys.argv[2].encode())
        connection.close()
    """
)


@contextlib.contextmanager
def listening_as(uid: int) -> Iterator[int]:
    """A server of another user's; yields its port."""
    argv = [sys.executable, "-c", STRANGER, str(uid), json.dumps(ANSWERS["Ollama"])]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield int(process.stdout.readline())
        finally:
            process.kill()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize(
    ("uid", "owners", "is_asked"), [(54321, "", False), (998, "", True), (61999, "", True), (65534, '"nobody"', True)]
)
async def test_port_of_a_stranger_is_not_asked(uid: int, owners: str, *, is_asked: bool) -> None:
    with listening_as(uid) as port:
        assert (port, uid) in {(listener.port, listener.uid) for listener in read_listeners()}
        config = parse_config(f"[access.owner]\nusers = [{owners}]")
        (found,) = await LocalServers([replace(SERVERS[0], port=port)], probe_s=PATIENT_S).find(config)
    assert bool(found.models) is is_asked
    assert (f"port {port} is held by" in found.refusal) is not is_asked


@pytest.fixture
async def ollama() -> AsyncIterator[list[str]]:
    """An Ollama at its own port, with the paths that it was asked; skips where somebody else holds that port."""
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.path)
        if request.path == "/api/ps":
            return web.json_response(ANSWERS["Ollama"])
        message = {"role": "assistant", "content": '{"n": 5}'}
        return web.json_response({"model": "qwen3:8b", "message": message, "done": True, "done_reason": "stop"})

    try:
        async with listening(answer, SERVERS[0].port):
            yield seen
    except OSError:
        pytest.skip(f"port {SERVERS[0].port} is taken")


async def until_two_models(client: GatewayClient) -> tuple[Model, ...]:
    """The list, once a look had its quarter of a second: not while the gateway imports LiteLLM on a busy machine."""
    for _ in range(240):
        models = await client.list_models()
        if len(models) == 2:
            break
        await asyncio.sleep(0.25)
    return models


async def test_loaded_model_is_the_last_of_the_chain_and_the_chain_where_there_is_none(
    own_house: Callable[..., House], ollama: list[str]
) -> None:
    house = own_house(chain='["nobody/x"]')
    text = house.config.read_text()
    house.config.write_text(text.replace('local_servers = "off"', 'local_servers = "append"'))
    connection = ServantConnection("gateway", house.state_dir, house.config)
    client = GatewayClient(connection)
    try:
        first, local = await until_two_models(client)
        assert (first.name, first.found_at) == ("nobody/x", "")
        assert (local.name, local.found_at) == ("local-ollama/qwen3:8b", "Ollama on 127.0.0.1:11434")
        assert (local.available, local.context_tokens, local.input_usd_per_million) == (True, 8192, None)
        completed = await client.complete("local/ok/#1", question())
        assert (completed.model, completed.answer_json) == ("local-ollama/qwen3:8b", '{"n": 5}')
        assert [attempt.model for attempt in completed.attempts] == ["nobody/x"] * 3 + ["local-ollama/qwen3:8b"]
        assert ollama.count("/api/chat") == 1
        assert set(ollama) == {"/api/ps", "/api/chat"}  # LiteLLM would ask what kind of model it is
    finally:
        await connection.close()
