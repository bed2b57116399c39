"""The configured chain, or models by their names, with what is known of each. Reads files; asks nobody."""

from octrad.foundation.config import Config
from octrad.foundation.errors import ConfigurationError
from octrad.gateway.calls import Model
from octrad.gateway.server.answer_question import DEFAULT_OUTPUT_TOKENS
from octrad.gateway.server.prices import facts_of
from octrad.gateway.server.provider_keys import ProviderKeys
from octrad.gateway.server.providers import Target, resolve


def list_models(config: Config, keys: ProviderKeys, names: tuple[str, ...] = ()) -> list[Model]:
    """Returns the models of the chain in order. Available means configured, with a key where one is needed.

    Args:
        config: where the chain and its providers are.
        keys: where the keys are.
        names: in place of the configured chain, unless empty.
    """
    return [_model(config, keys, name) for name in names or config.models.chain]


def _model(config: Config, keys: ProviderKeys, name: str) -> Model:
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
            output_tokens=0,
        )
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
