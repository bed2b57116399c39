"""Which service a model's name means, and how LiteLLM is told. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from octrad.foundation.config import Config, Provider
from octrad.foundation.errors import ConfigurationError
from octrad.gateway.calls import ModelRole

NO_MODEL_HINT = """name one in the configuration, for instance one of

  [models]
  chain = ["anthropic/claude-sonnet-4-5"]
  [providers.anthropic]
  kind = "anthropic"
  key_file = "/etc/octra/anthropic.key"

  [models]
  chain = ["openai/gpt-4.1"]
  [providers.openai]
  kind = "openai"
  key_file = "/etc/octra/openai.key"

  [models]
  chain = ["ollama/qwen3-coder"]
  [providers.ollama]
  kind = "ollama"
  base_url = "http://127.0.0.1:11434"

  # no model at all: scripted answers, from `octrad rehearse --port 4999`
  [models]
  chain = ["rehearsal/python-cli"]
  [providers.rehearsal]
  kind = "rehearsal"
  base_url = "http://127.0.0.1:4999/v1"
"""


class JsonMode(StrEnum):
    """What a provider can be asked for beside the words of the prompt, which always carry the schema."""

    SCHEMA = "json_schema"
    OBJECT = "json_object"


@dataclass(frozen=True, slots=True)
class _Kind:
    """What all providers of a kind have in common."""

    prefix: str  # LiteLLM's name for the protocol
    default_url: str = ""  # empty: LiteLLM knows it, or there is none
    needs_key: bool = True
    priced: bool = True  # whether LiteLLM's price of that name is the price here
    json_mode: JsonMode = JsonMode.SCHEMA
    embedding_prefix: str = ""  # the same for embedding models; empty: it has none


_KINDS: Mapping[str, _Kind] = {
    "anthropic": _Kind("anthropic", "https://api.anthropic.com"),
    "openai": _Kind("openai", "https://api.openai.com/v1", embedding_prefix="openai"),
    "gemini": _Kind("gemini", embedding_prefix="gemini"),
    "deepseek": _Kind("deepseek", "https://api.deepseek.com/beta", json_mode=JsonMode.OBJECT),
    "openrouter": _Kind("openrouter", "https://openrouter.ai/api/v1", embedding_prefix="openrouter"),
    "ollama": _Kind("ollama_chat", "http://127.0.0.1:11434", needs_key=False, priced=False, embedding_prefix="ollama"),
    "openai-compatible": _Kind("openai", needs_key=False, priced=False, embedding_prefix="openai"),
    "rehearsal": _Kind("openai", needs_key=False, priced=False, embedding_prefix="openai"),
}


@dataclass(frozen=True, slots=True)
class Target:
    """One entry of a chain, ready to be asked."""

    name: str  # as the configuration and the ledger name it
    provider: str
    litellm_model: str
    base_url: str
    key_file: Path | None
    needs_key: bool
    priced: bool
    json_mode: JsonMode
    rehearsal: bool
    local: bool  # Ollama, which must be told how long a context to hold


def resolve_chain(config: Config, chain: tuple[str, ...], role: ModelRole | None = None) -> tuple[Target, ...]:
    """Returns the targets of a chain; an empty one means the configured chain of the role.

    Raises:
        ConfigurationError: there is no model, or a name's provider is not configured as it must be.
    """
    names = chain or config.models.chain_of(role or "")
    if not names:
        raise ConfigurationError("no model is configured", hint=NO_MODEL_HINT)
    return tuple(resolve(config, name) for name in names)


def key_of_chain(config: Config, chain: tuple[str, ...], role: ModelRole | None = None) -> str:
    """Where a chain stands that `resolve_chain` takes, for whoever has to change it."""
    if chain:
        return "--model"
    return f"models.roles.{role}" if role and getattr(config.models.roles, role) else "models.chain"


def resolve(config: Config, name: str) -> Target:
    """Returns the target of `PROVIDER/MODEL`.

    Raises:
        ConfigurationError: the name has another shape, or its provider is not configured as it must be.
    """
    provider_name, _, model = name.partition("/")
    if not provider_name or not model:
        raise ConfigurationError(f"`{name}` in the chain of models is not PROVIDER/MODEL", hint=_known(config))
    provider = config.providers.get(provider_name)
    if provider is None:
        message = f"the model `{name}` names the provider `{provider_name}`, which is not configured"
        raise ConfigurationError(message, hint=_known(config) + f"; add a section [providers.{provider_name}]")
    kind = _KINDS[provider.kind]
    base_url = provider.base_url or kind.default_url
    if not base_url and provider.kind in {"openai-compatible", "rehearsal"}:
        raise ConfigurationError(f"providers.{provider_name}.base_url is not set", hint="its URL, ending in /v1")
    return _target(name, provider_name, provider, base_url)


def resolve_embedding(config: Config, name: str) -> Target:
    """Returns the target of an embedding model.

    Raises:
        ConfigurationError: as `resolve`, or the provider has no embedding models.
    """
    target = resolve(config, name)
    kind = config.providers[target.provider].kind
    prefix = _KINDS[kind].embedding_prefix
    if not prefix:
        raise ConfigurationError(f"`models.embedding` is {name}, but {kind} has no embedding models")
    return replace(target, litellm_model=f"{prefix}/{name.partition('/')[2]}")


def _target(name: str, provider_name: str, provider: Provider, base_url: str) -> Target:
    kind = _KINDS[provider.kind]
    rehearsal = provider.kind == "rehearsal"
    model = name.partition("/")[2]
    return Target(
        name=name,
        provider=provider_name,
        litellm_model=f"{kind.prefix}/{model}",
        base_url=base_url,
        key_file=provider.key_file,
        needs_key=kind.needs_key,
        priced=kind.priced,
        json_mode=kind.json_mode,
        rehearsal=rehearsal,
        local=provider.kind == "ollama",
    )


def _known(config: Config) -> str:
    return f"configured providers: {', '.join(sorted(config.providers)) or 'none'}"
