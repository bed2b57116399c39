"""The wire form of the OpenAI chat protocol: replies, chunks of a stream, errors. Pure."""

import json
from dataclasses import dataclass
from typing import Any

from octrad.rehearsal.scenario import Reply

CHARACTERS_A_TOKEN = 4  # near enough for English and code; the rehearsal's counts are approximate and say so


@dataclass(frozen=True, slots=True)
class Content:
    """What the assistant says, and why it stopped."""

    text: str
    finish_reason: str = "stop"
    choices: int = 1


def reply_content(reply: Reply) -> Content:
    """Returns what an answer, or the spoiled answer of a failure, says."""
    text = json.dumps(reply.answer, ensure_ascii=False) if reply.answer is not None else reply.text or ""
    kind = None if reply.failure is None else reply.failure.kind
    if reply.failure is not None and kind == "truncated":
        return Content(text[: len(text) // 2], reply.failure.finish_reason)
    if kind == "refusal":
        return Content("", "content_filter")
    return Content(text, choices=0 if kind == "no_choices" else 1)


def count_tokens(text: str) -> int:
    """Approximately."""
    return -(-len(text) // CHARACTERS_A_TOKEN)


@dataclass(frozen=True, slots=True)
class Heading:
    """What a reply says of itself: the model that was asked, the number of the request, when, and the prompt's size."""

    model: str
    number: int
    created_s: int
    prompt_tokens: int


def completion_body(content: Content, heading: Heading) -> bytes:
    """Returns the body of a reply that is not streamed."""
    message = {"role": "assistant", "content": content.text}
    choice = {"index": 0, "message": message, "finish_reason": content.finish_reason}
    body = {
        **_head("chat.completion", heading),
        "choices": [choice] * content.choices,
        "usage": _usage(heading.prompt_tokens, content),
    }
    return _encode(body)


def completion_chunks(content: Content, heading: Heading) -> list[bytes]:
    """Returns the server-sent events of a streamed reply, the end marker included."""
    head = _head("chat.completion.chunk", heading)
    chunks = []
    if content.choices:
        deltas: list[tuple[dict[str, str], str | None]] = [({"role": "assistant", "content": ""}, None)]
        deltas += [({"content": content.text[at : at + 64]}, None) for at in range(0, len(content.text), 64)]
        deltas.append(({}, content.finish_reason))
        chunks = [
            {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]} for delta, finish in deltas
        ]
    chunks.append({**head, "choices": [], "usage": _usage(heading.prompt_tokens, content)})
    return [b"data: " + _encode(chunk) + b"\n\n" for chunk in chunks] + [b"data: [DONE]\n\n"]


def error_body(message: str, *, kind: str, code: str = "") -> str:
    """Returns the body of an error as OpenAI words it."""
    error = {"message": message, "type": kind, "param": None, "code": code or None}
    return json.dumps({"error": error}, ensure_ascii=False)


def models_body(names: list[str]) -> bytes:
    """Returns the list of models, which are the scenarios."""
    return _encode({"object": "list", "data": [{"id": n, "object": "model", "owned_by": "rehearsal"} for n in names]})


def _head(kind: str, heading: Heading) -> dict[str, Any]:
    return {
        "id": f"rehearsal-{heading.number}",
        "object": kind,
        "created": heading.created_s,
        "model": f"rehearsal/{heading.model}",
    }


def _usage(prompt_tokens: int, content: Content) -> dict[str, int]:
    answered = count_tokens(content.text)
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": answered,
        "total_tokens": prompt_tokens + answered,
    }


def _encode(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
