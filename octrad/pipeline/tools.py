"""What the pipeline works with, put together by the daemon."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from octrad.foundation.cache import Cache
from octrad.foundation.config import Advisor, Audit, Limits
from octrad.foundation.postgres.pool import Database
from octrad.gateway.client import GatewayClient
from octrad.knowledge.guides import Guide
from octrad.knowledge.stacks import Stack
from octrad.pipeline.price_list import PriceList
from octrad.runner.client import RunnerClient


@dataclass(frozen=True, slots=True)
class Tools:
    """The clients, the stores and the data; one set for the whole daemon."""

    database: Database
    gateway: GatewayClient
    runner: RunnerClient
    limits: Limits
    audit: Audit
    stacks: Mapping[str, Stack]
    guides: Mapping[str, Guide]
    prices: PriceList
    # Of all that the prompts are made of, see `content_hash.py`.
    content_hash: str
    cache: Cache = field(repr=False)
    advisor: Advisor
