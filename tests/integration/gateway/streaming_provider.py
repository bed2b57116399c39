"""A server in the place of three kinds of providers that answers whole or as a stream, and breaks streams as told."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

ANSWER = '{"n": 1, "text": "a text of some length"}'
PIECES = [ANSWER[at : at + 5] for at in range(0, len(ANSWER), 5)]
USAGE = {
    "prompt_tokens": 150,
    "completion_tokens": 10,
    "total_tokens": 160,
    "prompt_tokens_details": {"cached_tokens": 50},
}
CLAUDE_USAGE = {"input_tokens": 100, "output_tokens": 10, "cache_read_input_tokens": 50}
Json = Mapping[str, Any]


def _whole(path: str) -> Json:
    match path:
        case "/v1/messages":
            content = [{"type": "text", "text": ANSWER}]
            head = {"id": "m", "type": "message", "role": "assistant", "model": "claude", "stop_reason": "end_turn"}
            return {**head, "content": content, "usage": CLAUDE_USAGE}
        case "/api/chat":
            counts = {"prompt_eval_count": 5, "eval_count": 3}
            return {"model": "q", "message": _said(ANSWER), "done": True, "done_reason": "stop", **counts}
        case _:
            choice = {"index": 0, "message": _said(ANSWER), "finish_reason": "stop"}
            return {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice],
                    "usage": USAGE}  # fmt: skip


def _stream(path: str) -> bytes:
    match path:
        case "/v1/messages":
            return _events(_claude_events())
        case "/api/chat":
            parts: list[Json] = [{"model": "q", "message": _said(piece), "done": False} for piece in PIECES]
            counts = {"prompt_eval_count": 5, "eval_count": 3}
            parts.append({"model": "q", "message": _said(""), "done": True, "done_reason": "stop", **counts})
            return b"".join(json.dumps(part).encode() + b"\n" for part in parts)
        case _:
            return _events(_openai_chunks()) + b"data: [DONE]\n\n"


def _openai_chunks() -> Iterable[Json]:
    head = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    for piece in PIECES:
        yield {**head, "choices": [{"index": 0, "delta": _said(piece), "finish_reason": None}]}
    yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    yield {**head, "choices": [], "usage": USAGE}


def _claude_events() -> Iterable[Json]:
    usage = {**CLAUDE_USAGE, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "model": "claude", "content": [], "usage": usage}
    yield {"type": "message_start", "message": {**message, "stop_reason": None}}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    for piece in PIECES:
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
    yield {"type": "content_block_stop", "index": 0}
    yield {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 10}}
    yield {"type": "message_stop"}


def _said(text: str) -> Json:
    return {"role": "assistant", "content": text}


def _events(events: Iterable[Json]) -> bytes:
    lines = []
    for event in events:
        name = f"event: {event['type']}\n" if "type" in event else ""
        lines.append(f"{name}data: {json.dumps(event)}\n\n")
    return "".join(lines).encode()


@dataclass(slots=True)
class StreamingProvider:
    """`breaks` says how streams go wrong in their middle: `ends`, `drops` or `stalls`; empty: they do not.

    `never` answers whole, whatever was asked for.
    """

    url: str = ""
    breaks: str = ""
    streams: int = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.text() or "{}")
        if not body.get("stream") or self.breaks == "never":
            return web.json_response(_whole(request.path))
        self.streams += 1
        content = _stream(request.path)
        response = web.StreamResponse(headers={"Content-Type": _content_type(request.path)})
        await response.prepare(request)
        await response.write(content[: len(content) // 2] if self.breaks else content)
        if self.breaks == "stalls":
            await asyncio.Event().wait()
        if self.breaks == "drops" and request.transport is not None:
            request.transport.abort()
        else:
            await response.write_eof()
        return response


def _content_type(path: str) -> str:
    return "application/x-ndjson" if path == "/api/chat" else "text/event-stream"


@asynccontextmanager
async def streaming_provider() -> AsyncIterator[StreamingProvider]:
    provider = StreamingProvider()
    app = web.Application()
    app.router.add_post("/{path:.*}", provider.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield provider
    await runner.cleanup()
