"""The chains, with what is known of each model. Reads files and looks at local servers; asks no model anything."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from octrad.foundation.config import Config
from octrad.foundation.errors import ConfigurationError
from octrad.foundation.settings import Settings
from octrad.gateway.calls import Model
from octrad.gateway.server.answer_question import output_tokens
from octrad.gateway.server.describe_mark import describe_mark
from octrad.gateway.server.health_board import HealthBoard
from octrad.gateway.server.local.append_local import append_local, name_of
from octrad.gateway.server.local.find_servers import FoundServer, LocalServers
from octrad.gateway.server.prices import facts_of
from octrad.gateway.server.provider_keys import ProviderKeys
from octrad.gateway.server.providers import Target, resolve

ALL = "all"


class ModelLister:
    """Lists what would be asked now."""

    def __init__(self, settings: Settings, keys: ProviderKeys, local: LocalServers, board: HealthBoard) -> None:
        self._settings = settings
        self._keys = keys
        self._local = local
        self._board = board

    async def list(self, names: tuple[str, ...] = ()) -> list[Model]:
        """Returns the models of the chain in order, what local servers have loaded, then those of the roles besides.

        Available means configured, with a key where one is needed, and not set aside because of how it answered.
        Servers that may not be asked come last, with why.

        Args:
            names: in place of the chains, unless empty.
        """
        config = self._settings.current
        # Who looks at the list wants to see what was loaded a moment ago.
        found = await self._local.find(config, fresh_s=0)
        # In a thread: the first time a file of some megabytes is read.
        return await asyncio.to_thread(list_models, config, self._keys, self._board, found, names)


def list_models(
    config: Config,
    keys: ProviderKeys,
    board: HealthBoard,
    found: Sequence[FoundServer] = (),
    names: tuple[str, ...] = (),
) -> list[Model]:
    """Returns the models of the configured chains, and of the servers that were found; or those of these names."""
    extended = append_local(config, found)
    appended = frozenset(extended.models.chain[len(config.models.chain) :])
    local = {name_of(one.server, model): (one, model.context_tokens) for one in found for model in one.models}
    chains = _chains_of(extended)
    models = []
    for name in names or chains:
        model = replace(_model(extended, keys, board, name), chains=tuple(chains.get(name, ())))
        if name in appended:
            server, context_tokens = local[name]
            model = replace(model, found_at=_place(server), context_tokens=context_tokens)
        models.append(model)
    return models if names else [*models, *_refused(found)]


def _chains_of(config: Config) -> dict[str, list[str]]:
    """In which chains each model stands."""
    chains: dict[str, list[str]] = {}
    for key, chain in config.models.chains.items():
        for name in chain:
            chains.setdefault(name, []).append(key.removeprefix("models.roles.").replace("models.chain", ALL))
    return chains


def _refused(found: Sequence[FoundServer]) -> Iterator[Model]:
    for one in found:
        if one.refusal:
            yield _unavailable(f"{one.server.provider}/*", one.refusal, found_at=_place(one))


def _place(found: FoundServer) -> str:
    return f"{found.server.title} on 127.0.0.1:{found.server.port}"


def _model(config: Config, keys: ProviderKeys, board: HealthBoard, name: str) -> Model:
    try:
        target = resolve(config, name)
    except ConfigurationError as error:
        return _unavailable(name, f"{error.message} ({error.hint})" if error.hint else error.message)
    model, mark = describe_target(config, keys, target), board.mark_of(target)
    if mark is None or not model.available:
        return model
    return replace(model, available=False, detail=describe_mark(mark, target, time.time()))


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
        # What the questions of the pipeline leave: none of them asks for more or less than the default.
        output_tokens=output_tokens(target, 0, config),
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
