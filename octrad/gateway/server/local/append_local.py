"""The configuration with local models at the end of its chain, as if somebody had written them there. Pure."""

import contextlib
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from octrad.foundation.config import Config, Provider
from octrad.foundation.errors import ConfigurationError
from octrad.gateway.server.local.find_servers import FoundServer
from octrad.gateway.server.local.known_servers import KnownServer, LoadedModel
from octrad.gateway.server.providers import resolve

_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})


def append_local(config: Config, found: Sequence[FoundServer]) -> Config:
    """Returns the configuration with the providers and models that were found, behind the configured ones.

    A rehearsal stays a rehearsal: no model is put behind one. A provider that is configured under the name of one that
    was found goes before it.
    """
    if _is_rehearsal(config):
        return config
    known = set(_configured(config))
    new = [
        (server, model)
        for server, model in _models(found)
        if server.provider not in config.providers and (server.port, model.name) not in known
    ]
    providers = {server.provider: Provider(kind=server.kind, base_url=server.base_url) for server, _ in new}
    names = tuple(name_of(server, model) for server, model in new)
    roles = {role: (*chain, *names) for role, chain in config.models.roles if chain}
    changes = {"chain": (*config.models.chain, *names), "roles": config.models.roles.model_copy(update=roles)}
    models = config.models.model_copy(update=changes)
    return config.model_copy(update={"models": models, "providers": {**config.providers, **providers}})


def name_of(server: KnownServer, model: LoadedModel) -> str:
    """What a model is called in the chain and in the ledger."""
    return f"{server.provider}/{model.name}"


def _models(found: Sequence[FoundServer]) -> Iterator[tuple[KnownServer, LoadedModel]]:
    return ((one.server, model) for one in found for model in one.models)


def _configured(config: Config) -> Iterator[tuple[int | None, str]]:
    """Port and model of what the chain asks on this machine already."""
    for name in config.models.chain:
        # What is wrong with it is told to whoever asks it.
        with contextlib.suppress(ConfigurationError, ValueError):
            place = urlsplit(resolve(config, name).base_url)
            if place.hostname in _THIS_MACHINE:
                yield place.port, name.partition("/")[2]


def _is_rehearsal(config: Config) -> bool:
    first = next(iter(config.models.chain), "").partition("/")[0]
    return first in config.providers and config.providers[first].kind == "rehearsal"
