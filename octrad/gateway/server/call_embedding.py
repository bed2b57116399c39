"""The LiteLLM adapter for embedding models: one request for one vector. As for questions, LiteLLM decides nothing."""

import math
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from octrad.gateway.server.call_model import provider_error
from octrad.gateway.server.classify_failure import ProviderError
from octrad.gateway.server.load_litellm import LazyLiteLLM
from octrad.gateway.server.providers import Target

# pgvector takes no more; no model of today comes near it.
MOST_DIMENSIONS = 16_000


@dataclass(frozen=True, slots=True)
class EmbeddingReply:
    """What came. `vector` is empty where it is none; `cost_usd` is None where LiteLLM knows no price."""

    vector: tuple[float, ...]
    input_tokens: int
    cost_usd: float | None


class EmbeddingCaller:
    """Asks embedding models through LiteLLM."""

    def __init__(self, litellm: LazyLiteLLM) -> None:
        self._litellm = litellm

    async def call(
        self, target: Target, key: SecretStr, request_id: str, text: str, timeout_s: float
    ) -> EmbeddingReply | ProviderError:
        """Makes one request; raises nothing but cancellation, and what is wrong with LiteLLM itself."""
        litellm = await self._litellm.module()
        arguments: dict[str, Any] = {
            "model": target.litellm_model,
            "input": [text],
            "api_key": key.get_secret_value(),
            "timeout": timeout_s,
            "max_retries": 0,
            "extra_headers": {"X-Client-Request-Id": request_id},
        }
        if target.base_url:
            arguments["api_base"] = target.base_url
        if target.litellm_model.startswith("openai/"):
            # The openai client asks for base64 by itself, which not every server of that protocol knows.
            arguments["encoding_format"] = "float"
        try:
            response = await litellm.aembedding(**arguments)
        # As in `call_model.py`: the one place where whatever LiteLLM raises is translated.
        except Exception as error:  # noqa: BLE001 - see above
            return provider_error(error)
        return _reply(response)


def _reply(response: Any) -> EmbeddingReply:  # an EmbeddingResponse of LiteLLM
    items = getattr(response, "data", None) or []
    first = items[0] if items else None
    values = first.get("embedding") if isinstance(first, dict) else getattr(first, "embedding", None)
    usage = getattr(response, "usage", None)
    return EmbeddingReply(
        vector=_vector(values),
        input_tokens=getattr(usage, "prompt_tokens", 0) or 0,
        cost_usd=response._hidden_params.get("response_cost"),  # noqa: SLF001 - LiteLLM offers no other way
    )


def _vector(values: Any) -> tuple[float, ...]:
    """The numbers, where they are a vector with a direction."""
    if not isinstance(values, list) or len(values) > MOST_DIMENSIONS:
        return ()
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in values):
        return ()
    return tuple(float(value) for value in values) if any(values) else ()
