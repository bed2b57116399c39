"""Asks a provider once, in the fewest tokens, what it grants a key; and remembers what it said for an hour.

The words that are sent are fixed: nothing of a task goes out. What such a call costs (one token or two) is no task's.
"""

import asyncio
import hashlib
import time
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime

from pydantic import SecretStr

from octrad.gateway.audits import Probed
from octrad.gateway.calls import USER, Message, Outcome
from octrad.gateway.server.call_model import ModelCaller, ModelRequest, Reply
from octrad.gateway.server.classify_failure import Failure, ProviderError, classify, is_cut_short
from octrad.gateway.server.provider_keys import ProviderKeys
from octrad.gateway.server.providers import Target
from octrad.gateway.server.rate_limits import read_rate_limits

KEPT_S = 3600.0
PROBE_TIMEOUT_S = 20.0
PROBE_ID = "audit/probe/#1"
ERROR_CHARACTERS = 300
_MESSAGES = (Message(USER, "Hi"),)
_NOT_NEEDED = frozenset({"response_format", "temperature"})


class KeyProbes:
    """Tries keys. Only an answer is remembered: who pays a bill or mends a network is not told the old failure."""

    def __init__(self, caller: ModelCaller, keys: ProviderKeys) -> None:
        self._caller = caller
        self._keys = keys
        self._known: dict[tuple[str, str, str], tuple[float, Probed]] = {}
        # Two audits at once make one call.
        self._asking: defaultdict[tuple[str, str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def probe(self, target: Target, key: SecretStr) -> Probed:
        """Returns what the provider of `target` says to its key; asks it at most once an hour."""
        place = (target.provider, target.base_url, _fingerprint(key))
        async with self._asking[place]:
            expires, known = self._known.get(place, (0.0, None))
            if known is not None and time.monotonic() < expires:
                return replace(known, earlier=True)
            probed = await self._ask(target, key)
            if probed.outcome is Outcome.OK:
                self._known[place] = (time.monotonic() + KEPT_S, probed)
            return probed

    async def _ask(self, target: Target, key: SecretStr) -> Probed:
        request = ModelRequest(
            target=target,
            key=key,
            request_id=PROBE_ID,
            question="probe",
            messages=_MESSAGES,
            schema_json="{}",
            max_output_tokens=1,
            timeout_s=PROBE_TIMEOUT_S,
            within_s=PROBE_TIMEOUT_S,
            without=_NOT_NEEDED,
        )
        at_ms = time.time_ns() // 1_000_000
        outcome = await self._caller.call(request)
        now = datetime.now(UTC)
        failure = _failure(outcome, now)
        return Probed(
            model=target.name,
            outcome=failure.outcome if failure else Outcome.OK,
            error=self._keys.strike_out(failure.error)[:ERROR_CHARACTERS] if failure else "",
            at_ms=at_ms,
            limits=read_rate_limits(outcome.headers, now),
        )


def _failure(outcome: Reply | ProviderError, now: datetime) -> Failure | None:
    # A model that thinks before it speaks may refuse to be cut after one token: by then the key was accepted.
    if isinstance(outcome, Reply) or is_cut_short(outcome):
        return None
    failure = classify(outcome, now)
    return replace(failure, error=failure.error or outcome.cause or outcome.exception)


def _fingerprint(key: SecretStr) -> str:
    return hashlib.sha256(key.get_secret_value().encode()).hexdigest()
