"""What is known of models without asking anybody: prices and limits, from the file that LiteLLM brings.

The file is read, not LiteLLM imported. A model that it does not know is unpriced, which is not the same as free.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from octrad.gateway.server.providers import Target

_FILE = "model_prices_and_context_window_backup.json"
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Zero tokens mean unknown; no price means unpriced."""

    context_tokens: int = 0
    output_tokens: int = 0
    input_usd_per_million: float | None = None
    output_usd_per_million: float | None = None


@dataclass(frozen=True, slots=True)
class _PriceFile:
    digest: str
    models: Mapping[str, ModelFacts]


def facts_of(target: Target, configured: Mapping[str, tuple[float, float]]) -> ModelFacts:
    """Returns what is known of a model; the configuration's prices come first.

    Args:
        target: the model.
        configured: US dollars per million tokens of input and output, by the model's name in the chain.
    """
    known = _known_facts(target)
    if target.name in configured:
        prices: tuple[float | None, float | None] = configured[target.name]
    else:
        prices = (known.input_usd_per_million, known.output_usd_per_million)
    return ModelFacts(known.context_tokens, known.output_tokens, *prices)


def cost_of(
    target: Target,
    configured: Mapping[str, tuple[float, float]],
    *,
    tokens: tuple[int, int],
    reported_usd: float | None,
) -> float | None:
    """Returns US dollars, None for unpriced.

    Args:
        target: the model.
        configured: prices of the configuration, which win; they know no discount for cached input.
        tokens: of input and output.
        reported_usd: what LiteLLM computed, with cached input at its price.
    """
    if target.name in configured:
        prices = configured[target.name]
        return (tokens[0] * prices[0] + tokens[1] * prices[1]) / _MILLION
    return reported_usd if target.priced else None


def hash_prices(configured: Mapping[str, tuple[float, float]]) -> str:
    """Returns the SHA-256 of all prices: of LiteLLM's file, and the configured ones."""
    prices = json.dumps({name: list(usd) for name, usd in configured.items()}, sort_keys=True)
    return hashlib.sha256(f"{_read_file().digest} {prices}".encode()).hexdigest()


def _known_facts(target: Target) -> ModelFacts:
    if not target.priced:
        # A local server's model may bear the name of a famous one and have another context.
        return ModelFacts()
    models = _read_file().models
    model = target.litellm_model
    return models.get(model) or models.get(model.partition("/")[2]) or ModelFacts()


def price_file() -> Path | None:
    """Where LiteLLM's file of prices is; None without LiteLLM."""
    spec = find_spec("litellm")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / _FILE


@lru_cache(maxsize=1)
def _read_file() -> _PriceFile:
    path = price_file()
    if path is None:
        return _PriceFile("", {})
    try:
        content = path.read_bytes()
        entries = json.loads(content)
    except (OSError, ValueError):
        return _PriceFile("", {})  # then models are unpriced, and said to be
    models = {name: _facts(entry) for name, entry in entries.items()}
    return _PriceFile(hashlib.sha256(content).hexdigest(), models)


def _facts(entry: Mapping[str, Any]) -> ModelFacts:
    return ModelFacts(
        context_tokens=_tokens(entry.get("max_input_tokens")),
        output_tokens=_tokens(entry.get("max_output_tokens")),
        input_usd_per_million=_per_million(entry.get("input_cost_per_token")),
        output_usd_per_million=_per_million(entry.get("output_cost_per_token")),
    )


def _tokens(value: Any) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _per_million(value: Any) -> float | None:
    return round(float(value) * _MILLION, 6) if isinstance(value, int | float) else None
