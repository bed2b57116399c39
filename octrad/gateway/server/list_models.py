"""The chain, with what is known of each model. Reads files and looks at local servers; asks no model anything."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

from octrad.foundation.config import Config
from octrad.foundation.errors import ConfigurationError
from octrad.foundation.settings import Settings
from octrad.gateway.calls import Model
from octrad.gateway.server.answer_question import DEFAULT_OUTPUT_TOKENS
from octrad.gateway.server.local.append_local import append_local, name_of
from octrad.gateway.server.local.find_servers import FoundServer, LocalServers
from octrad.gateway.server.prices import facts_of
from octrad.gateway.server.provider_keys import ProviderKeys
from octrad.gateway.server.providers import Target, resolve


class ModelLister:
    """Lists what would be asked now."""

    def __init__(self, settings: Settings, keys: ProviderKeys, local: LocalServers) -> None:
        self._settings = settings
        self._keys = keys
        self._local = local

    async def list(self, names: tuple[str, ...] = ()) -> list[Model]:
        """Returns the models of the chain in order: the configured ones, then those that local servers have loaded.

        Available means configured, with a key where one is needed. Servers that may not be asked come last, with why.

        Args:
            names: in place of the chain, unless empty.
        """
        config = self._settings.current
        # Who looks at the list wants to see what was loaded a moment ago.
        found = await self._local.find(config, fresh_s=0)
        # In a thread: the first time a file of some megabytes is read.
        return await asyncio.to_thread(list_models, config, self._keys, found, names)


def list_models(
    config: Config, keys: ProviderKeys, found: Sequence[FoundServer] = (), names: tuple[str, ...] = ()
) -> list[Model]:
    """Returns the models of the configured chain, and of the servers that were found; or those of these names."""
    extended = append_local(config, found)
    appended = frozenset(extended.models.chain[len(config.models.chain) :])
    local = {name_of(one.server, model): (one, model.context_tokens) for one in found for model in one.models}
    models = [_model(extended, keys, name) for name in names or extended.models.chain]
    placed = [
        replace(model, found_at=_place(local[model.name][0]), context_tokens=local[model.name][1])
        if model.name in appended
        else model
        for model in models
    ]
    return placed if names else [*placed, *_refused(found)]


def _refused(found: Sequence[FoundServer]) -> Iterator[Model]:
    for one in found:
        if one.refusal:
            yield _unavailable(f"{one.server.provider}/*", one.refusal, found_at=_place(one))


def _place(found: FoundServer) -> str:
    return f"{found.server.title} on 127.0.0.1:{found.server.port}"


def _model(config: Config, keys: ProviderKeys, name: str) -> Model:
    try:
        target = resolve(config, name)
    except ConfigurationError as error:
        return _unavailable(name, f"{error.message} ({error.hint})" if error.hint else error.message)
    return describe_target(config, keys, target)


def describe_target(config: Config, keys: ProviderKeys, target: Target) -> Model:
    """What is known of one model, without asking its provider."""
    try:
        keys.key_of(target)
        detail = ""
    except ConfigurationError as error:
        detail = error.message
    facts = facts_of(target, config.models.prices_usd_per_million)
    return Model(
        name=target.name,
        provider=target.provider,
        available=not detail,
        detail=detail,
        context_tokens=facts.context_tokens,
        input_usd_per_million=facts.input_usd_per_million,
        output_usd_per_million=facts.output_usd_per_million,
        rehearsal=target.rehearsal,
        output_tokens=min(DEFAULT_OUTPUT_TOKENS, facts.output_tokens or DEFAULT_OUTPUT_TOKENS),
    )


def _unavailable(name: str, detail: str, *, found_at: str = "") -> Model:
    return Model(
        name=name,
        provider=name.partition("/")[0],
        available=False,
        detail=detail,
        context_tokens=0,
        input_usd_per_million=None,
        output_usd_per_million=None,
        rehearsal=False,
        output_tokens=0,
        found_at=found_at,
    )
