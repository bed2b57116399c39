"""`python -m tests.provider_errors.replay`: shows every case to the gateway's adapter, over HTTP and the real LiteLLM.

Prints what the adapter sees as JSON: a ProviderError, or what the model said where LiteLLM found nothing wrong. A
process of its own, so that LiteLLM is imported once, as in the gateway, and not into the tests.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from octrad.foundation.config import Config
from octrad.gateway.calls import USER, Message
from octrad.gateway.server.call_model import ModelCaller, ModelRequest, Reply
from octrad.gateway.server.load_litellm import LazyLiteLLM
from octrad.gateway.server.providers import Target, resolve
from tests.provider_errors.cases import Case, load_cases

SCHEMA = '{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}'
# Of this server's and LiteLLM's making, and of this moment.
_OF_THE_REPLAY = frozenset({"date", "server", "content-length", "content-type"})


async def main() -> None:
    cases = load_cases()
    answers = dict(enumerate(cases.values()))
    url, runner = await _serve(answers)
    caller = ModelCaller(LazyLiteLLM())
    seen = {case.id: await _ask(caller, case, f"{url}/{number}") for number, case in answers.items()}
    await runner.cleanup()
    json.dump(seen, sys.stdout, indent=1, ensure_ascii=False, sort_keys=True)


async def _serve(cases: Mapping[int, Case]) -> tuple[str, web.AppRunner]:
    async def answer(request: web.Request) -> web.Response:
        # Google's libraries put a colon behind the address, not a slash.
        case = cases[int(request.path.split("/")[1].partition(":")[0])]
        headers = {"content-type": "application/json", **case.headers}
        return web.Response(status=case.status, headers=headers, body=case.body.encode())

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}", runner


async def _ask(caller: ModelCaller, case: Case, url: str) -> dict[str, Any]:
    outcome = await caller.call(
        ModelRequest(
            target=_target(case, url),
            key=SecretStr("none"),
            request_id="replay/case/#1",
            question="count",
            messages=(Message(USER, "How many?"),),
            schema_json=SCHEMA,
            max_output_tokens=100,
            timeout_s=60,
            within_s=60,
            without=frozenset(),
        )
    )
    if isinstance(outcome, Reply):
        return {"said": asdict(outcome.said)}
    error = asdict(outcome)
    error["headers"] = {name: value for name, value in outcome.headers.items() if name not in _OF_THE_REPLAY}
    return {"error": error}


def _target(case: Case, url: str) -> Target:
    config = Config.model_validate({"providers": {"p": {"kind": case.kind, "base_url": url}}})
    return resolve(config, f"p/{case.model}")


if __name__ == "__main__":
    asyncio.run(main())
