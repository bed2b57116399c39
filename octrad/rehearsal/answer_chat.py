"""POST /v1/chat/completions: finds the reply that the scenario has for a request and gives it, or fails as told."""

import asyncio
import json
import logging
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from octrad.rehearsal.chat_completion import (
    Heading,
    completion_body,
    completion_chunks,
    count_tokens,
    error_body,
    reply_content,
)
from octrad.rehearsal.echo_key import echo_key, key_of
from octrad.rehearsal.requests_seen import RequestsSeen, Seen
from octrad.rehearsal.scenario import Failure, Reply, Scenario, choose_reply, read_asked

REHEARSAL_HEADERS = {"x-octra-rehearsal": "1"}
HANG_S = 3600.0
ENDLESS_PIECE = b"on and on " * 6400
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Question:
    """What we need of a request's body."""

    model: str
    stream: bool
    name: str
    prompt: tuple[str, ...]


class ChatHandler:
    """Answers chats from scenarios."""

    def __init__(self, scenarios: Mapping[str, Scenario], requests: RequestsSeen) -> None:
        self._scenarios = scenarios
        self._requests = requests

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Handles one request."""
        try:
            question = _read_question(await request.json())
        except (ValueError, KeyError, TypeError, AttributeError):
            return _json(400, error_body("not a chat completion request", kind="invalid_request_error").encode())
        asked = read_asked(request.headers.get("X-Client-Request-Id", ""), question.model)
        now_ms = int(time.time() * 1000)
        seen = self._requests.add(
            asked, model=question.model, question=question.name, prompt=question.prompt, started_at_ms=now_ms
        )
        scenario = self._scenarios.get(asked.scenario)
        reply = None if scenario is None else choose_reply(scenario, asked, seen.nth)
        try:
            if reply is None:
                response: web.StreamResponse = self._no_reply(seen, known=scenario is not None)
                seen.status = response.status
            else:
                response = await _give(request, question, reply, seen)
        finally:
            # One line a request; never what was asked or answered.
            logger.info("%s %s: %s, request %d: %d", seen.task, seen.step, seen.model, seen.nth, seen.status)
        return response

    def _no_reply(self, seen: Seen, *, known: bool) -> web.Response:
        if known:
            text = f"scenario {seen.scenario} has no reply for request {seen.nth} of step `{seen.step}`"
        else:
            text = f"no scenario {seen.scenario} (step `{seen.step}`); known: {', '.join(sorted(self._scenarios))}"
        return _json(404, error_body(text, kind="invalid_request_error", code="model_not_found").encode())


def _read_question(body: Mapping[str, Any]) -> _Question:
    texts = (message.get("content") or "" for message in body["messages"])
    response_format = body.get("response_format") or {}
    return _Question(
        model=str(body["model"]),
        stream=bool(body.get("stream")),
        name=str((response_format.get("json_schema") or {}).get("name", "")),
        prompt=tuple(text if isinstance(text, str) else json.dumps(text) for text in texts),
    )


async def _give(request: web.Request, question: _Question, reply: Reply, seen: Seen) -> web.StreamResponse:
    if reply.delay_s:
        await asyncio.sleep(reply.delay_s)
    failure = reply.failure
    match None if failure is None else failure.kind:
        case "error":
            assert failure is not None  # noqa: S101 - for the type checker: the kind was read from it
            response = _error(failure, key_of(request.headers))
            seen.status = response.status
            return response
        case "hang":
            await asyncio.sleep(HANG_S)
            return _drop(request)
        case "drop":
            return _drop(request)
        case "endless":
            return await _send_without_end(request)
        case _:
            return await _send(request, question, reply, seen)


async def _send(request: web.Request, question: _Question, reply: Reply, seen: Seen) -> web.StreamResponse:
    content = reply_content(reply)
    heading = Heading(question.model, seen.number, seen.started_at_ms // 1000, sum(map(count_tokens, question.prompt)))
    kind = None if reply.failure is None else reply.failure.kind
    pieces = completion_chunks(content, heading) if question.stream else [completion_body(content, heading)]
    if kind == "broken":
        pieces = [pieces[0][: len(pieces[0]) // 2]]
    seen.status = 200
    if reply.failure is not None and kind == "cut":
        return await _send_half(request, b"".join(pieces), reply.failure, stream=question.stream)
    if kind != "drip" and not question.stream:
        return _reply(200, pieces[0], reply.headers, "application/json")
    return await _stream(request, pieces, reply, stream=question.stream)


async def _stream(request: web.Request, pieces: list[bytes], reply: Reply, *, stream: bool) -> web.StreamResponse:
    failure = reply.failure
    drip = failure if failure is not None and failure.kind == "drip" else None
    response = web.StreamResponse(headers={**reply.headers, **_heading(stream=stream)})
    await response.prepare(request)
    for piece in pieces if drip is None else _cut(b"".join(pieces), drip.pieces):
        await response.write(piece)
        if drip is not None:
            await asyncio.sleep(drip.every_s)
    await response.write_eof()
    return response


def _cut(body: bytes, pieces: int) -> Iterator[bytes]:
    size = max(1, -(-len(body) // pieces))
    return (body[at : at + size] for at in range(0, len(body), size))


async def _send_half(request: web.Request, body: bytes, failure: Failure, *, stream: bool) -> web.StreamResponse:
    """Announces the whole body, sends half of it, and is gone: with a FIN, or with a RST."""
    response = web.StreamResponse(headers=_heading(stream=stream))
    if not stream:
        response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    transport = request.transport
    if transport is not None and failure.end == "reset":
        # What is not sent yet is thrown away, and the kernel answers with a RST.
        linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    elif transport is not None:
        transport.close()
    return response


async def _send_without_end(request: web.Request) -> web.StreamResponse:
    """A reply that begins well and goes on for as long as somebody reads it."""
    response = web.StreamResponse(headers=_heading(stream=False))
    await response.prepare(request)
    await response.write(b'{"object": "chat.completion", "choices": [{"message": {"content": "')
    while True:
        await response.write(ENDLESS_PIECE)


def _heading(*, stream: bool) -> dict[str, str]:
    return {**REHEARSAL_HEADERS, "Content-Type": "text/event-stream" if stream else "application/json"}


def _error(failure: Failure, key: str) -> web.Response:
    body = error_body(failure.message, kind=failure.type, code=failure.code) if failure.body is None else failure.body
    headers = {name: echo_key(value, key) for name, value in failure.headers.items()}
    return _reply(failure.status, echo_key(body, key).encode(), headers, failure.content_type)


def _json(status: int, body: bytes) -> web.Response:
    return _reply(status, body, {}, "application/json")


def _reply(status: int, body: bytes, headers: Mapping[str, str], content_type: str) -> web.Response:
    return web.Response(
        status=status, body=body, headers={**headers, "Content-Type": content_type, **REHEARSAL_HEADERS}
    )


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)  # nobody is left to read it
