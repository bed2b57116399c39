"""Whether there is a model to ask: a chain, its providers, and their keys. Asks no provider anything.

The keys belong to the gateway; here it is only looked whether their files are there and could be read by us, which the
gateway runs as where it has no user of its own.
"""

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

from octrad.foundation.config import Config, Provider
from octrad.foundation.finding import Finding

_LOCAL = ("rehearsal", "ollama", "openai-compatible")
_KEYED = ("anthropic", "openai", "gemini", "deepseek", "openrouter")
# As `gateway/server/providers.py` has it.
_WITHOUT_EMBEDDINGS = ("anthropic", "deepseek")
_CONNECT_S = 2.0
_PUT_KEY = "put the key, alone, into that file; only the gateway reads it"


def check_models(config: Config) -> list[Finding]:
    """A finding for the chains, and one for each provider that they name."""
    if not config.models.chain:
        hint = 'set `models.chain`, for example to ["anthropic/claude-sonnet-4-5"], and [providers.anthropic]; '
        hint += "without it, only what a local server has loaded is asked"
        return [Finding("models", ok=False, detail="no model is configured", hint=hint)]
    names = dict.fromkeys(model.partition("/")[0] for chain in config.models.chains.values() for model in chain)
    return [
        check_chains(config),
        *(_provider(name, config.providers[name]) for name in names if name in config.providers),
    ]


def check_chains(config: Config) -> Finding:
    """Whether each model of each chain has a provider, and the embedding model one that has such."""
    faults = [
        f"`{key}`: no provider serves {', '.join(unserved)}"
        for key, chain in config.models.chains.items()
        if (unserved := [model for model in chain if not _is_served(model, config)])
    ]
    if fault := _embedding_fault(config):
        faults.append(fault)
    if faults:
        known = ", ".join(sorted(config.providers)) or "none"
        hint = f"a name is PROVIDER/MODEL; the providers are: {known}"
        return Finding("models", ok=False, detail="; ".join(faults), hint=hint)
    return Finding("models", ok=True, detail=" → ".join(config.models.chain))


def _embedding_fault(config: Config) -> str:
    model = config.models.embedding
    if not model:
        return ""
    if not _is_served(model, config):
        return f"`models.embedding`: no provider serves {model}"
    kind = config.providers[model.partition("/")[0]].kind
    return f"`models.embedding`: {kind} has no embedding models" if kind in _WITHOUT_EMBEDDINGS else ""


def _is_served(model: str, config: Config) -> bool:
    provider, _, name = model.partition("/")
    return bool(name) and provider in config.providers


def _provider(name: str, provider: Provider) -> Finding:
    title = f"provider {name}"
    if provider.kind in _KEYED and provider.key_file is None:
        return Finding(title, ok=False, detail="has no key_file", hint=f"set `providers.{name}.key_file`")
    if provider.key_file is not None and (fault := _key_fault(provider.key_file)):
        detail, hint = fault
        return Finding(title, ok=False, detail=detail, hint=hint)
    if provider.kind in _LOCAL and provider.base_url and (silence := _connect_fault(provider.base_url)):
        how = "start `octrad rehearse`" if provider.kind == "rehearsal" else "start it"
        return Finding(title, ok=False, detail=silence, hint=f"{how}, or change `providers.{name}.base_url`")
    return Finding(title, ok=True, detail=provider.base_url or provider.kind)


def _key_fault(path: Path) -> tuple[str, str] | None:
    """What is wrong with a key file, and the hint. The file is never opened."""
    try:
        size_bytes = path.stat().st_size
    except FileNotFoundError:
        return f"the key file {path} does not exist", _PUT_KEY
    except OSError:
        size_bytes = -1
    if size_bytes == 0:
        return f"the key file {path} is empty", _PUT_KEY
    if size_bytes < 0 or not os.access(path, os.R_OK):
        hint = "give it to the user that octrad runs as; if the gateway has a user of its own, check as that one"
        return f"the key file {path} is not readable for uid {os.geteuid()}", hint
    return None


def _connect_fault(base_url: str) -> str:
    place = urlsplit(base_url)
    port = place.port or (443 if place.scheme == "https" else 80)
    try:
        socket.create_connection((place.hostname or "", port), timeout=_CONNECT_S).close()
    except OSError as error:
        return f"{base_url} does not answer: {error.strerror or error}"
    return ""
