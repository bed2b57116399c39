"""POST /v1/embeddings: a vector that counts the words of a text, in whatever order. It knows nothing of what they mean.

Any model's name is taken, and what comes is called a rehearsal's.
"""

import hashlib
import re
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from octrad.rehearsal.chat_completion import count_tokens, error_body
from octrad.rehearsal.requests_seen import RequestsSeen
from octrad.rehearsal.scenario import read_asked

DIMENSIONS = 64
QUESTION = "embedding"
_WORD = re.compile(r"\w+")


class EmbeddingHandler:
    """Makes vectors."""

    def __init__(self, requests: RequestsSeen, headers: Mapping[str, str]) -> None:
        self._requests = requests
        self._headers = headers

    async def answer(self, request: web.Request) -> web.Response:
        """Handles one request."""
        try:
            body = await request.json()
            texts, model = _texts(body["input"]), str(body["model"])
        except (ValueError, KeyError, TypeError):
            text = error_body("not a request for embeddings", kind="invalid_request_error")
            return web.Response(status=400, text=text, content_type="application/json", headers=self._headers)
        asked = read_asked(request.headers.get("X-Client-Request-Id", ""), model)
        now_ms = int(time.time() * 1000)
        seen = self._requests.add(asked, model=model, question=QUESTION, prompt=texts, started_at_ms=now_ms)
        seen.status = 200
        return web.json_response(embeddings_body(texts, model), headers=self._headers)


def embeddings_body(texts: list[str], model: str) -> dict[str, Any]:
    """Returns the reply as OpenAI words it."""
    tokens = sum(map(count_tokens, texts))
    return {
        "object": "list",
        "model": f"rehearsal/{model}",
        "data": [
            {"object": "embedding", "index": index, "embedding": count_words(text)} for index, text in enumerate(texts)
        ],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def count_words(text: str) -> list[float]:
    """Returns the words of a text as a vector: each adds 1 or -1 to one dimension; a text without any stays apart."""
    vector = [0.0] * DIMENSIONS
    for word in _WORD.findall(text.casefold()):
        digest = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
        vector[(digest >> 1) % DIMENSIONS] += 1.0 if digest & 1 else -1.0
    return vector if any(vector) else [1.0, *vector[1:]]


def _texts(given: Any) -> list[str]:
    texts = [given] if isinstance(given, str) else list(given)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("tokens in place of a text")
    return texts
