"""What the models of a chain cost, as the gateway knows it; asked for anew after a minute, since prices may change."""

import time
from typing import Final

from octrad.gateway.calls import Model
from octrad.gateway.client import GatewayClient

_KEPT_S: Final = 60.0
_MOST_CHAINS: Final = 256


class PriceList:
    """The models of chains with their prices.

    Args:
        gateway: who knows them.
    """

    def __init__(self, gateway: GatewayClient) -> None:
        self._gateway = gateway
        self._known: dict[tuple[str, ...], tuple[float, tuple[Model, ...]]] = {}

    async def models(self, chain: tuple[str, ...]) -> tuple[Model, ...]:
        """The models of a chain; an empty one means the configured chain.

        Raises:
            UnavailableError: the gateway cannot be reached.
        """
        read_at, models = self._known.get(chain, (-_KEPT_S, ()))
        if time.monotonic() - read_at < _KEPT_S:
            return models
        models = await self._gateway.list_models(chain)
        if len(self._known) >= _MOST_CHAINS:
            self._known.clear()
        self._known[chain] = (time.monotonic(), models)
        return models
