"""The LiteLLM adapter: one request to one model. LiteLLM's types and exceptions end here.

LiteLLM decides nothing: no retry, no fallback, no dropped parameter, no key from the environment.
"""

import asyncio
import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from pydantic import SecretStr

from octrad.gateway.calls import Message
from octrad.gateway.server.classify_failure import ProviderError
from octrad.gateway.server.load_litellm import LazyLiteLLM
from octrad.gateway.server.price_replies import replies_priced
from octrad.gateway.server.providers import JsonMode, Target
from octrad.gateway.server.stream_answer import STREAM_ARGUMENTS, EndlessStreamError, Listener, read_stream
from octrad.gateway.server.validate_answer import ENDLESS, REFUSED, Said

TEMPERATURE = 0.2  # one right answer is wanted, not a choice of them
# Of what a provider says, so that a page of megabytes is not searched for words. What is shown is cut later, when the
# keys are out of it.
ERROR_CHARACTERS = 64_000
CHARACTERS_A_TOKEN = 3  # on the safe side
SMALLEST_LOCAL_CONTEXT = 8192
# In the names of errors of aiohttp and httpx, and of our own.
_NETWORK = ("Disconnected", "Connect", "Payload", "ContentLength", "TransferEncoding", "CompressedReply")


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One request.

    Args:
        timeout_s: for all of it; of an answer that is streamed, from one piece to the next.
        within_s: for all of it, also when it is streamed.
        without: parameters that this model refused before.
        tell: is told how many characters have come so far; None where the answer is to come whole.
    """

    target: Target
    key: SecretStr
    request_id: str
    question: str
    messages: tuple[Message, ...]
    schema_json: str
    max_output_tokens: int
    timeout_s: float
    within_s: float
    without: frozenset[str]
    tell: Listener | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said, whatever it is worth. `cost_usd` is None where LiteLLM knows no price.

    `headers` are those of the reply that LiteLLM passes on, names in lower case.
    """

    said: Said
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost_usd: float | None
    headers: Mapping[str, str]


class ModelCaller:
    """Asks models through LiteLLM."""

    def __init__(self, litellm: LazyLiteLLM) -> None:
        self._litellm = litellm
        # Models (reasoning ones, mostly) whose temperature is not ours to choose.
        self._fixed_temperature: set[str] = set()

    async def ready(self) -> None:
        """Waits until requests can be made at once.

        Raises:
            ConfigurationError: LiteLLM is not installed, or broken.
        """
        await self._litellm.module()

    async def call(self, request: ModelRequest) -> Reply | ProviderError:
        """Makes one request and returns its reply or its failure; raises nothing but cancellation."""
        litellm = await self._litellm.module()
        if "stream" in request.without:
            request = replace(request, tell=None)
        try:
            # LiteLLM's own timeout is for each read: a reply that drips would pass it.
            async with asyncio.timeout(request.within_s), asyncio.timeout(request.timeout_s) as patience:
                with replies_priced(priced=request.target.priced):
                    response = await self._complete(litellm, request)
                    if request.tell is not None:
                        response = await read_stream(litellm, response, patience, request.timeout_s, request.tell)
        except TimeoutError:
            return ProviderError("Timeout", 0, _lateness(request), "", {})
        # LiteLLM raises its own classes, openai's, httpx's and whatever a provider's reply makes it stumble over: this
        # is the one place where they are translated.
        except Exception as error:  # noqa: BLE001 - see above
            return _endless_reply() if _is_too_long(error) else provider_error(error)
        return _reply(response)

    async def _complete(self, litellm: ModuleType, request: ModelRequest) -> Any:
        model = request.target.litellm_model
        arguments = _arguments(request)
        if model in self._fixed_temperature:
            arguments.pop("temperature", None)
        try:
            return await litellm.acompletion(**arguments)
        except litellm.exceptions.UnsupportedParamsError as error:
            # LiteLLM's own knowledge: nothing was sent yet, so this is no attempt.
            if "temperature" not in str(error) or arguments.pop("temperature", None) is None:
                raise
            self._fixed_temperature.add(model)
            return await litellm.acompletion(**arguments)


def _arguments(request: ModelRequest) -> dict[str, Any]:
    target = request.target
    arguments: dict[str, Any] = {
        "model": target.litellm_model,
        "messages": [{"role": message.role, "content": message.content} for message in request.messages],
        "api_key": request.key.get_secret_value(),
        "max_tokens": request.max_output_tokens,
        # Of each read. That of a stream is ours, so that a pause is told from a connection that was lost.
        "timeout": request.timeout_s if request.tell is None else request.within_s,
        "max_retries": 0,  # else the openai client makes three attempts and sleeps out retry-after
        "extra_headers": {"X-Client-Request-Id": request.request_id},
        "temperature": TEMPERATURE,
        "response_format": _response_format(request),
    }
    if request.tell is not None:
        arguments |= STREAM_ARGUMENTS
    if target.base_url:
        arguments["api_base"] = target.base_url
    if target.local:
        arguments["num_ctx"] = _local_context(request)
    return {name: value for name, value in arguments.items() if name not in request.without}


def _lateness(request: ModelRequest) -> str:
    if request.tell is not None and request.timeout_s < request.within_s:
        return f"nothing came for {request.timeout_s:g} s"
    return f"no answer within {min(request.timeout_s, request.within_s):g} s"


def _response_format(request: ModelRequest) -> dict[str, Any]:
    if request.target.json_mode is JsonMode.OBJECT:
        return {"type": "json_object"}
    # Not strict: OpenAI's strict mode takes only schemas without optional fields.
    schema = {"name": request.question, "schema": json.loads(request.schema_json), "strict": False}
    return {"type": "json_schema", "json_schema": schema}


def _local_context(request: ModelRequest) -> int:
    """Tokens that Ollama is to hold. It cuts off the beginning of what is longer and says nothing.

    A power of two, because each other number makes it load the model again.
    """
    characters = sum(len(message.content) for message in request.messages)
    wanted = characters // CHARACTERS_A_TOKEN + request.max_output_tokens
    return max(SMALLEST_LOCAL_CONTEXT, 1 << (wanted - 1).bit_length())


def _reply(response: Any) -> Reply:  # a ModelResponse of LiteLLM
    choice = response.choices[0] if response.choices else None
    text = None if choice is None else choice.message.content
    usage = getattr(response, "usage", None)
    details = getattr(usage, "prompt_tokens_details", None)
    hidden = response._hidden_params  # noqa: SLF001 - LiteLLM offers no other way
    return Reply(
        said=Said(text, _finish_reason(choice)),
        input_tokens=getattr(usage, "prompt_tokens", 0) or 0,
        output_tokens=getattr(usage, "completion_tokens", 0) or 0,
        cached_tokens=getattr(details, "cached_tokens", 0) or 0,
        cost_usd=hidden.get("response_cost"),
        headers=_headers(hidden.get("additional_headers")),
    )


def _is_too_long(error: Exception) -> bool:
    """Whether we ended the reply; its class is known by its name, so that httpx comes with LiteLLM and not before."""
    if isinstance(error, EndlessStreamError):
        return True
    return any(type(cause).__name__ == "ReplyTooLongError" for cause in _causes(error))


def _endless_reply() -> Reply:
    return Reply(Said(None, ENDLESS), input_tokens=0, output_tokens=0, cached_tokens=0, cost_usd=None, headers={})


def _finish_reason(choice: Any) -> str:  # a Choices of LiteLLM, or None
    if choice is None:
        return ""
    # OpenAI's models refuse in a field of its own beside an empty content, and call it a stop.
    fields = getattr(choice.message, "provider_specific_fields", None) or {}
    return REFUSED if fields.get("refusal") else str(choice.finish_reason or "")


def provider_error(error: Exception) -> ProviderError:
    """What LiteLLM raised, as the rest of the gateway takes it."""
    original = getattr(error, "original_exception", None)
    if isinstance(original, Exception) and type(error).__name__ == "MidStreamFallbackError":
        return provider_error(original)
    status = getattr(error, "status_code", 0)
    with contextlib.suppress(TypeError, ValueError):
        status = int(status or 0)
    return ProviderError(
        exception=type(error).__name__,
        status=status if isinstance(status, int) else 0,
        text=_text(error),
        cause=_ground(error),
        headers=_headers(getattr(error, "litellm_response_headers", None)),
    )


def _headers(headers: Mapping[str, object] | None) -> Mapping[str, str]:
    # Anthropic's come with a prefix of LiteLLM's.
    return {str(name).lower().removeprefix("llm_provider-"): str(value) for name, value in (headers or {}).items()}


def _text(error: Exception) -> str:
    """What the provider said, without LiteLLM's repeated class names before it."""
    text = str(error)
    for _ in range(3):
        head, separator, rest = text.partition(": ")
        text = rest if separator and head.removeprefix("litellm.").isidentifier() else text
    head, separator, rest = text.partition("Exception - ")
    return (rest if separator and head.isidentifier() else text)[:ERROR_CHARACTERS].strip()


def _ground(error: BaseException) -> str:
    """The deepest cause that is the network's: an OSError, a connection that ended, a reply that we ended."""
    causes = [cause for cause in _causes(error) if _is_of_network(cause)]
    if not causes:
        return ""
    # Those of aiohttp's parser print themselves over several lines.
    words = getattr(causes[-1], "message", None) or causes[-1]
    return f"{type(causes[-1]).__name__}: {words}"[:ERROR_CHARACTERS]


def _causes(error: BaseException) -> Iterator[BaseException]:
    below = error.__cause__ or error.__context__
    while below is not None:
        yield below
        below = below.__cause__ or below.__context__


def _is_of_network(error: BaseException) -> bool:
    return isinstance(error, OSError) or any(word in type(error).__name__ for word in _NETWORK)
