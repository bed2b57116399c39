"""Whether a local server's model takes the place of a chain that nobody configured."""

from octrad.api.parts import Parts


async def is_local_loaded(parts: Parts, asked: str) -> bool:
    """Whether a task that asks for the models `asked` (between commas; empty: the configured) can be done with one.

    Raises:
        UnavailableError: the gateway, which knows, cannot be reached.
    """
    models = parts.config.models
    if asked.strip() or models.chain or models.local_servers == "off":
        return False
    return any(model.available and model.found_at for model in await parts.gateway.list_models())
