"""One vector of an embedding model: one request, one attempt, and what it cost.

What questions found out of a provider counts here too. What is found out here is told to nobody: whoever asks for a
vector has little patience, and that must not keep questions from the provider.
"""

import asyncio
import time
from datetime import UTC, datetime

from octrad.foundation.errors import ConfigurationError
from octrad.foundation.settings import Settings
from octrad.gateway.calls import Attempt, Embedding, Outcome
from octrad.gateway.server.call_embedding import EmbeddingCaller, EmbeddingReply
from octrad.gateway.server.classify_failure import Failure, ProviderError, classify
from octrad.gateway.server.health_board import HealthBoard
from octrad.gateway.server.prices import cost_of, hash_prices
from octrad.gateway.server.provider_keys import ProviderKeys
from octrad.gateway.server.provider_places import ProviderPlaces
from octrad.gateway.server.providers import Target, resolve_embedding

ERROR_CHARACTERS = 1000


class TextEmbedder:
    """Asks embedding models of the configuration."""

    def __init__(
        self,
        settings: Settings,
        caller: EmbeddingCaller,
        keys: ProviderKeys,
        board: HealthBoard,
        places: ProviderPlaces,
    ) -> None:
        self._settings = settings
        self._caller = caller
        self._keys = keys
        self._board = board
        self._places = places

    async def embed(self, request_id: str, model: str, text: str, timeout_s: float) -> Embedding:
        """Makes one request; one that fails is an attempt without a vector.

        Args:
            request_id: goes to the provider.
            model: PROVIDER/MODEL.
            text: of which a vector is wanted.
            timeout_s: for all of it, with the wait for a place.

        Raises:
            ConfigurationError: it cannot be asked, and nothing was sent.
        """
        config = self._settings.current
        target = resolve_embedding(config, model)
        key = self._keys.key_of(target)
        if (mark := self._board.mark_of(target)) is not None:
            raise ConfigurationError(f"{target.provider} is not asked at the moment ({mark.outcome})")
        began, started_at_ms = time.perf_counter(), time.time_ns() // 1_000_000
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._places.place(target.provider, config.providers[target.provider]),
            ):
                with self._board.request(target):
                    outcome = await self._caller.call(target, key, request_id, text, timeout_s)
        except TimeoutError:
            outcome = ProviderError("Timeout", 0, f"no vector within {timeout_s:g} s", "", {})
        attempt = self._attempt(target, outcome, started_at_ms, round((time.perf_counter() - began) * 1000))
        return Embedding(outcome.vector if isinstance(outcome, EmbeddingReply) else (), attempt)

    def _attempt(
        self, target: Target, outcome: EmbeddingReply | ProviderError, started_at_ms: int, duration_ms: int
    ) -> Attempt:
        reply = outcome if isinstance(outcome, EmbeddingReply) else None
        failure = None if reply and reply.vector else self._failure(target, outcome)
        prices = self._settings.current.models.prices_usd_per_million
        tokens = reply.input_tokens if reply else 0
        return Attempt(
            model=target.name,
            outcome=failure.outcome if failure else Outcome.OK,
            reason=failure.reason if failure else "",
            error=self._keys.strike_out(failure.error)[:ERROR_CHARACTERS] if failure else "",
            input_tokens=tokens,
            output_tokens=0,
            cached_tokens=0,
            cost_usd=cost_of(target, prices, tokens=(tokens, 0), reported_usd=reply.cost_usd) if reply else None,
            duration_ms=duration_ms,
            started_at_ms=started_at_ms,
            prices_hash=hash_prices(prices),
        )

    def _failure(self, target: Target, outcome: EmbeddingReply | ProviderError) -> Failure:
        if isinstance(outcome, EmbeddingReply):
            return Failure(Outcome.HALLUCINATION, "vector", "the answer holds no vector")
        failure = classify(outcome, datetime.now(UTC))
        if failure.reason == "unreachable":
            return Failure(
                failure.outcome, failure.reason, f"cannot reach {target.base_url or target.provider}: {outcome.cause}"
            )
        return failure
