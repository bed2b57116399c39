"""`octrad rehearse`: a small OpenAI-compatible server that answers from scenario files.

It takes the place of a model so that the demo and the tests drive the real pipeline over real HTTP. It calls nobody,
knows no key, and says in every reply that it is a rehearsal.
"""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from octrad.foundation.errors import UnavailableError
from octrad.rehearsal.answer_chat import REHEARSAL_HEADERS, ChatHandler
from octrad.rehearsal.answer_embedding import EmbeddingHandler
from octrad.rehearsal.chat_completion import models_body
from octrad.rehearsal.load_scenarios import SCENARIOS_DIR, load_scenarios
from octrad.rehearsal.requests_seen import RequestsSeen

REQUEST_BYTES = 64 * 1024 * 1024
SHUTDOWN_S = 1.0


@contextlib.asynccontextmanager
async def rehearsal(scenarios_dir: Path | None = None, *, port: int = 0, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """Serves while the context lasts and yields its base URL. Port 0 takes a free one.

    Raises:
        ConfigurationError: a scenario is not as it must be; file and field are named.
        UnavailableError: the port is taken.
    """
    app = _make_app(scenarios_dir or SCENARIOS_DIR)
    # Who hung up gets no answer, and what hangs on purpose ends with its client.
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise UnavailableError(f"cannot listen on {host}:{port}: {error.strerror}") from error
        yield f"http://{host}:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


async def serve(port: int = 0, scenarios_dir: Path | None = None, *, host: str = "127.0.0.1") -> None:
    """Serves until SIGTERM or SIGINT; says on standard output where, once it is ready.

    Raises:
        ConfigurationError: a scenario is not as it must be; file and field are named.
        UnavailableError: the port is taken.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with rehearsal(scenarios_dir, port=port, host=host) as base_url:
        print(f"rehearsal: listening on {base_url}", flush=True)  # noqa: T201 - the readiness line
        await stopped.wait()


def _make_app(scenarios_dir: Path) -> web.Application:
    scenarios = load_scenarios(scenarios_dir)
    requests = RequestsSeen()

    async def list_models(_: web.Request) -> web.Response:
        return web.Response(
            body=models_body(sorted(scenarios)), content_type="application/json", headers=REHEARSAL_HEADERS
        )

    async def list_requests(_: web.Request) -> web.Response:
        return web.json_response(requests.rows(), headers=REHEARSAL_HEADERS)

    async def show_prompt(request: web.Request) -> web.Response:
        prompt = requests.prompt(int(request.match_info["number"]))
        if prompt is None:
            raise web.HTTPNotFound(headers=REHEARSAL_HEADERS)
        return web.json_response(prompt, headers=REHEARSAL_HEADERS)

    app = web.Application(client_max_size=REQUEST_BYTES)
    app.router.add_post("/v1/chat/completions", ChatHandler(scenarios, requests).answer)
    app.router.add_post("/v1/embeddings", EmbeddingHandler(requests, REHEARSAL_HEADERS).answer)
    app.router.add_get("/v1/models", list_models)
    app.router.add_get("/requests", list_requests)
    app.router.add_get(r"/requests/{number:\d{1,9}}", show_prompt)
    return app
