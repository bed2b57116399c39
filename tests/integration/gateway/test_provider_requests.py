"""What each kind of provider is really sent, seen from a server in its place; and that nobody else is asked."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from octrad.foundation.once.connection import ServantConnection
from octrad.gateway.client import GatewayClient
from tests.integration.gateway.conftest import CANARY, House, question

ANSWER = '{"n": 1}'
REPLIES: dict[str, dict[str, Any]] = {
    "/v1/messages": {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [{"type": "text", "text": ANSWER}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 100, "output_tokens": 10, "cache_read_input_tokens": 50},
    },
    "/api/chat": {
        "model": "qwen",
        "message": {"role": "assistant", "content": ANSWER},
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 5,
        "eval_count": 3,
    },
}
OPENAI_REPLY = {
    "id": "x",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": ANSWER}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8},
}


@dataclass(slots=True)
class Provider:
    """A server in a provider's place."""

    url: str = ""
    seen: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.seen.append((request.path, dict(request.headers), json.loads(await request.text() or "{}")))
        return web.json_response(REPLIES.get(request.path, OPENAI_REPLY))


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", provider.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield provider
    await runner.cleanup()


async def test_each_kind_gets_the_question_in_its_own_form(
    own_house: Callable[..., House], provider: Provider, tmp_path: Path
) -> None:
    kinds = (("anthropic", ""), ("ollama", ""), ("deepseek", ""), ("openrouter", "/api/v1"))
    sections = [
        f'[providers.{kind}]\nkind = "{kind}"\nbase_url = "{provider.url}{path}"\nkey_file = "{tmp_path}/canary.key"'
        for kind, path in kinds
    ]
    gpt = f'[providers.openai]\nkind = "openai"\nbase_url = "{provider.url}/v1"\nkey_file = "{tmp_path}/canary.key"'
    house = own_house(providers="\n".join([*sections, gpt]))
    connection = ServantConnection("gateway", house.state_dir, house.config)
    client = GatewayClient(connection)
    names = ("anthropic/claude-sonnet-5", "ollama/qwen3:8b", "deepseek/deepseek-chat", "openrouter/x/y", "openai/gpt-5")
    answers = [await client.complete(f"wire{n}/count/#1", question(name)) for n, name in enumerate(names)]
    await connection.close()

    assert [json.loads(answer.answer_json) for answer in answers] == [{"n": 1}] * 5
    # One attempt each, also where the model takes no temperature; one request each, and none to elsewhere.
    assert [len(answer.attempts) for answer in answers] == [1] * 5
    assert len(provider.seen) == 5
    claude, ollama, deepseek, openrouter, openai = provider.seen
    for number, (_, headers, body) in enumerate(provider.seen):
        assert {k.lower(): v for k, v in headers.items()}["x-client-request-id"] == f"wire{number}/count/#1"
        assert "satisfy this JSON schema" in json.dumps(body)
    assert claude[1]["x-api-key"] == CANARY
    assert claude[2]["output_format"]["type"] == "json_schema"
    assert "temperature" not in claude[2]
    assert ollama[2]["format"]["required"] == ["n"]
    assert ollama[2]["options"]["num_ctx"] >= ollama[2]["options"]["num_predict"]
    assert deepseek[2]["response_format"] == {"type": "json_object"}
    assert openrouter[2]["response_format"]["json_schema"]["name"] == "count"
    assert openai[2]["max_completion_tokens"] > 0
    # Cached input is counted, and makes the cost less.
    attempt = answers[0].attempts[0]
    assert (attempt.input_tokens, attempt.cached_tokens) == (150, 50)
    assert attempt.cost_usd is not None
    assert [answer.attempts[0].cost_usd is None for answer in answers] == [False, True, False, True, False]
    assert "raw.githubusercontent.com" not in (house.state_dir / "log" / "gateway.log").read_text()
