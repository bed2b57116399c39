"""Whether there is a model to ask: a chain, its providers, and their keys. Asks no provider anything.

The keys belong to the gateway; here it is only looked whether their files are there, when we may see them.
"""

import socket
from pathlib import Path
from urllib.parse import urlsplit

from octrad.foundation.config import Config, Provider
from octrad.foundation.finding import Finding

_LOCAL = ("rehearsal", "ollama", "openai-compatible")
_KEYED = ("anthropic", "openai", "gemini", "deepseek", "openrouter")
_CONNECT_S = 2.0


def check_models(config: Config) -> list[Finding]:
    """A finding for the chain, and one for each provider that the chain names."""
    if not config.models.chain:
        hint = 'set `models.chain`, for example to ["anthropic/claude-sonnet-4-5"], and [providers.anthropic]'
        return [Finding("models", ok=False, detail="no model is configured", hint=hint)]
    names = dict.fromkeys(model.partition("/")[0] for model in config.models.chain)
    return [_chain(config), *(_provider(name, config.providers[name]) for name in names if name in config.providers)]


def _chain(config: Config) -> Finding:
    unserved = [model for model in config.models.chain if model.partition("/")[0] not in config.providers]
    if unserved:
        known = ", ".join(sorted(config.providers)) or "none"
        hint = f"a name is PROVIDER/MODEL; the providers are: {known}"
        return Finding("models", ok=False, detail=f"no provider serves {', '.join(unserved)}", hint=hint)
    return Finding("models", ok=True, detail=" → ".join(config.models.chain))


def _provider(name: str, provider: Provider) -> Finding:
    title = f"provider {name}"
    if provider.kind in _KEYED and provider.key_file is None:
        return Finding(title, ok=False, detail="has no key_file", hint=f"set `providers.{name}.key_file`")
    if provider.key_file is not None and (fault := _key_fault(provider.key_file)):
        return Finding(
            title, ok=False, detail=fault, hint="put the key, alone, into that file; only the gateway reads it"
        )
    if provider.kind in _LOCAL and provider.base_url and (fault := _connect_fault(provider.base_url)):
        how = "start `octrad rehearse`" if provider.kind == "rehearsal" else "start it"
        return Finding(title, ok=False, detail=fault, hint=f"{how}, or change `providers.{name}.base_url`")
    return Finding(title, ok=True, detail=provider.base_url or provider.kind)


def _key_fault(path: Path) -> str:
    try:
        return "" if path.stat().st_size else f"the key file {path} is empty"
    except FileNotFoundError:
        return f"the key file {path} does not exist"
    except PermissionError:
        return ""  # as it should be: it is for the gateway's user


def _connect_fault(base_url: str) -> str:
    place = urlsplit(base_url)
    port = place.port or (443 if place.scheme == "https" else 80)
    try:
        socket.create_connection((place.hostname or "", port), timeout=_CONNECT_S).close()
    except OSError as error:
        return f"{base_url} does not answer: {error.strerror or error}"
    return ""
