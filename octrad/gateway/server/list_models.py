"""The configured chains, with what is known of each model. Reads files; asks nobody."""

import time

from octrad.foundation.config import Config
from octrad.foundation.errors import ConfigurationError
from octrad.gateway.calls import Model
from octrad.gateway.server.describe_mark import describe_mark
from octrad.gateway.server.health_board import HealthBoard
from octrad.gateway.server.prices import facts_of
from octrad.gateway.server.provider_keys import ProviderKeys
from octrad.gateway.server.providers import Target, resolve

ALL = "all"


def list_models(config: Config, keys: ProviderKeys, board: HealthBoard) -> list[Model]:
    """Returns the models of the chain in order, then those of the roles that are not among them.

    Available means configured, with a key where one is needed, and not set aside because of how it answered.
    """
    names: dict[str, list[str]] = {}
    for key, chain in config.models.chains.items():
        for name in chain:
            names.setdefault(name, []).append(key.removeprefix("models.roles.").replace("models.chain", ALL))
    return [_model(config, keys, board, name, tuple(chains)) for name, chains in names.items()]


def _model(config: Config, keys: ProviderKeys, board: HealthBoard, name: str, chains: tuple[str, ...]) -> Model:
    try:
        target = resolve(config, name)
    except ConfigurationError as error:
        detail = f"{error.message} ({error.hint})" if error.hint else error.message
        return Model(
            name=name,
            provider=name.partition("/")[0],
            available=False,
            detail=detail,
            context_tokens=0,
            input_usd_per_million=None,
            output_usd_per_million=None,
            rehearsal=False,
            chains=chains,
        )
    detail = _why_not(target, keys, board)
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
        chains=chains,
    )


def _why_not(target: Target, keys: ProviderKeys, board: HealthBoard) -> str:
    """Why the model is not asked now; empty when it is."""
    try:
        keys.key_of(target)
    except ConfigurationError as error:
        return error.message
    mark = board.mark_of(target)
    return "" if mark is None else describe_mark(mark, target, time.time())
