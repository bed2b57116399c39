"""What the pipeline works with, put together by the daemon."""

from dataclasses import dataclass, field

from octrad.foundation.cache import Cache
from octrad.foundation.config import Advisor, Audit, Limits
from octrad.foundation.postgres.pool import Database
from octrad.gateway.client import GatewayClient
from octrad.knowledge.library import Library
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
    library: Library
    prices: PriceList
    cache: Cache = field(repr=False)
    advisor: Advisor
