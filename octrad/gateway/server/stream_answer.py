"""A long answer as a stream through LiteLLM, put together as if it had come whole, with its usage and its cost.

A stream may take as long as it likes; what fails it is a pause, or an end before its end.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from octrad.gateway.server.validate_answer import ANSWER_CHARACTERS

# How much has come is told at most so often.
TELL_EVERY_S = 1.0
STREAM_ARGUMENTS = {"stream": True, "stream_options": {"include_usage": True}}

Listener = Callable[[int], None]


class CutStreamError(ConnectionError):
    """The stream ended, and what it brought did not."""


class EndlessStreamError(ConnectionError):
    """More came than anybody takes, whatever the limit of tokens said."""


class NoStreamError(Exception):
    """There was no stream at all: the provider answers as it likes, which is whole."""

    # As a provider that refuses a parameter, which it has done.
    status_code = 400


async def read_stream(
    litellm: ModuleType, stream: Any, patience: asyncio.Timeout, pause_s: float, tell: Listener
) -> Any:
    """Reads a stream to its end and returns LiteLLM's ModelResponse of it.

    Args:
        litellm: the module.
        stream: what `acompletion` returned for `STREAM_ARGUMENTS`.
        patience: is put off with every piece that comes.
        pause_s: by so many seconds.
        tell: is told the characters that have come so far.

    Raises:
        CutStreamError: the provider ended the stream in the middle of the answer.
        NoStreamError: the provider does not stream.
        EndlessStreamError: the answer is longer than any that is taken.
        Exception: whatever LiteLLM raises.
    """
    loop = asyncio.get_running_loop()
    characters, told_at = 0, time.monotonic()
    async with contextlib.aclosing(stream):
        async for chunk in stream:
            patience.reschedule(loop.time() + pause_s)
            characters += _characters(chunk)
            if characters > ANSWER_CHARACTERS:
                raise EndlessStreamError(f"the answer has more than {ANSWER_CHARACTERS:,} characters")
            if time.monotonic() - told_at >= TELL_EVERY_S:
                told_at = time.monotonic()
                tell(characters)
    # LiteLLM takes the end of the connection for the end of the answer, and says `stop`.
    if stream.received_finish_reason is None and stream.chunks:
        raise CutStreamError("the stream ended in the middle of the answer")
    if stream.received_finish_reason is None or (not characters and _came_whole(stream)):
        raise NoStreamError("the provider did not stream")
    return _whole(litellm, stream)


def _came_whole(stream: Any) -> bool:
    """Whether the reply was no stream, of which LiteLLM sees the end and none of the text."""
    headers = stream._hidden_params.get("additional_headers") or {}  # noqa: SLF001 - LiteLLM offers no other way
    return str(headers.get("llm_provider-content-type", "")).startswith("application/json")


def _characters(chunk: Any) -> int:
    content = chunk.choices[0].delta.content if chunk.choices else None
    return len(content or "")


def _whole(litellm: ModuleType, stream: Any) -> Any:
    response = litellm.stream_chunk_builder(stream.chunks, messages=stream.messages)
    # Priced as LiteLLM prices an answer that comes whole, which it does not do for a stream that somebody reads.
    cost = stream.logging_obj._response_cost_calculator(result=response)  # noqa: SLF001 - there is no other way
    response._hidden_params["response_cost"] = cost  # noqa: SLF001 - where a whole answer has it
    return response
