"""Which models a task may ask: those it names, or the configured chain; never a provider that nobody set up.

Pure. Whether a provider answers is the gateway's to find out, when it is asked.
"""

from octrad.foundation.config import Config, Provider
from octrad.foundation.errors import ConfigurationError, InvalidRequestError

_HOW = (
    'put into the configuration: [models] chain = ["anthropic/claude-sonnet-4-5"] and [providers.anthropic] '
    'kind = "anthropic", key_file = "/path/of/the/key"; the README shows OpenAI, Ollama and the rehearsal'
)


class NoModelError(ConfigurationError):
    """There is no model to ask."""

    code = "no_model"


def choose_models(asked: str, config: Config, *, is_local_loaded: bool = False) -> tuple[str, ...]:
    """The models that a task will ask, in order: `asked` holds names between commas, or nothing for the configured.

    Args:
        asked: what the caller named.
        config: what is configured.
        is_local_loaded: whether a local server has a model loaded, which then is the chain where none is configured.

    Raises:
        InvalidRequestError: a named model belongs to no configured provider, or is named twice.
        NoModelError: none is named, and none configured; or a configured one belongs to no provider.
    """
    named = tuple(name.strip() for name in asked.split(",") if name.strip())
    configured = [name for chain in config.models.chains.values() for name in chain]
    for name in named or configured:
        if _provider_of(name, config) is None:
            raise _unserved(name, config, is_named=bool(named))
    if twice := next((name for name in named if named.count(name) > 1), ""):
        raise InvalidRequestError(f"the model {twice[:80]!r} is named twice", field="model", hint="name each once")
    if not named and not config.models.chain and not is_local_loaded:
        raise NoModelError("no model is configured", hint=_HOW)
    return named


def is_rehearsal(asked: str, config: Config) -> bool:
    """Whether the first model that answers is a rehearsal; a local server's never is."""
    names = choose_models(asked, config, is_local_loaded=True) or config.models.chain
    first = next(iter(names), "")
    provider = _provider_of(first, config)
    return provider is not None and provider.kind == "rehearsal"


def _provider_of(name: str, config: Config) -> Provider | None:
    provider, _, model = name.partition("/")
    return config.providers.get(provider) if model else None


def _unserved(name: str, config: Config, *, is_named: bool) -> ConfigurationError | InvalidRequestError:
    message = f"no configured provider serves the model {name[:80]!r}"
    known = ", ".join(sorted(config.providers))
    if not is_named or not known:
        return NoModelError(message, hint=_HOW)
    return InvalidRequestError(
        message,
        field="model",
        hint=f"a name is PROVIDER/MODEL with one of these providers: {known}; see `octractl models`",
    )
