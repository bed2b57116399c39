"""What the servicers work with. The composition root fills it; a servicer takes from here and makes nothing itself."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from octrad.foundation.cache import Cache
from octrad.foundation.config import Config
from octrad.foundation.once.connection import ServantConnection
from octrad.foundation.postgres.pool import Database
from octrad.foundation.settings import Settings
from octrad.gateway.client import GatewayClient
from octrad.knowledge.library_in_use import LibraryInUse
from octrad.pipeline.advisor.consult import Advisor
from octrad.retention.prune_snapshots import SnapshotPruner
from octrad.runner.client import RunnerClient
from octrad.tasks.event_log import EventLog


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a running control plane."""

    settings: Settings
    state_dir: Path
    started_at: datetime
    database: Database
    cache: Cache
    log: EventLog
    library: LibraryInUse
    gateway: GatewayClient
    gateway_connection: ServantConnection
    runner: RunnerClient
    runner_connection: ServantConnection
    # The name of this octrad among those that share the database.
    machine: str
    pruner: SnapshotPruner
    advisor: Advisor

    @property
    def config(self) -> Config:
        """The configuration in effect now; a reload replaces it."""
        return self.settings.current
