"""Prunes snapshots of this machine: first in the database, then their roots, which are the runner's.

An interruption in between, or a runner that is away, leaves roots that the next pruning lets go of.
"""

import asyncio
import logging
from dataclasses import dataclass, replace

from octrad.foundation.errors import ConfigurationError, OctraError, UnavailableError
from octrad.foundation.message_ids import MessageId
from octrad.foundation.postgres.pool import Database
from octrad.foundation.settings import Settings
from octrad.runner.client import RunnerClient
from octrad.tasks.prune_snapshots import (
    LooseRoot,
    PruneOrder,
    list_loose_roots,
    list_rooted,
    note_unrooted,
    prune_snapshots,
)
from octrad.tasks.snapshots import Snapshot

logger = logging.getLogger(__name__)

# For one root, with the start of a runner that sleeps. One that takes longer is away.
_ANSWER_S = 60.0


class NoRetentionError(ConfigurationError):
    """Neither the caller nor the configuration says how old a snapshot may grow."""

    code = "no_retention"

    def __init__(self) -> None:
        super().__init__(
            "nothing says how old a snapshot may grow",
            hint="give --older-than DAYS, or set `snapshots.retention_days` in octrad's configuration",
        )


@dataclass(frozen=True, slots=True)
class Pruned:
    """A snapshot that was pruned, or would be. `rooted`: its root is still there."""

    snapshot: Snapshot
    rooted: bool


class SnapshotPruner:
    """Prunes what one machine made.

    Args:
        database: the records.
        runner: the roots.
        machine: whose; another machine's roots are out of reach.
        settings: the retention where a caller names none.
    """

    def __init__(self, database: Database, runner: RunnerClient, machine: str, settings: Settings) -> None:
        self._database = database
        self._runner = runner
        self._machine = machine
        self._settings = settings
        # Two at once would ask the runner for the same roots.
        self._turn = asyncio.Lock()

    async def prune(self, days: int | None, project: str = "") -> tuple[Pruned, ...]:
        """Prunes what is older than so many days, or than the configuration says; oldest first.

        Raises:
            NoRetentionError: neither says it.
            UnavailableError: the database does not answer.
        """
        order = self._order(days, project)
        async with self._turn:
            snapshots = await prune_snapshots(self._database, order)
            for snapshot in snapshots:
                self._tell(snapshot)
            rooted = await self._let_go()
        return tuple(Pruned(snapshot, rooted=snapshot.store_path in rooted) for snapshot in snapshots)

    async def preview(self, days: int | None, project: str = "") -> tuple[Pruned, ...]:
        """What `prune` would prune now. Raises as it does."""
        snapshots = await prune_snapshots(self._database, self._order(days, project), dry_run=True)
        return tuple(Pruned(replace(snapshot, pruned_at=None), rooted=True) for snapshot in snapshots)

    async def let_go(self) -> None:
        """Removes the roots that an earlier pruning could not."""
        async with self._turn:
            await self._let_go()

    def _order(self, days: int | None, project: str) -> PruneOrder:
        chosen = self._settings.current.snapshots.retention_days if days is None else days
        if chosen is None:
            raise NoRetentionError
        return PruneOrder(self._machine, chosen, project)

    async def _let_go(self) -> frozenset[str]:
        """Removes all roots that may go; returns the paths of those that had to stay."""
        for root in await list_loose_roots(self._database, self._machine):
            try:
                await self._unroot(root)
            except UnavailableError as error:
                logger.warning("the runner is away; the roots of pruned snapshots go later: %s", error.message)
                break
            except OctraError as error:
                logger.warning("a root of a pruned snapshot stays: %s", error.message)
        return await list_rooted(self._database, self._machine)

    async def _unroot(self, root: LooseRoot) -> None:
        # Of the path, not of the snapshot: there may be several.
        request_id = f"prune/{root.store_path.rpartition('/')[2]}/#1"
        try:
            async with asyncio.timeout(_ANSWER_S):
                unrooted = await self._runner.unroot_snapshot(request_id, root.store_path, root.commit)
        except TimeoutError as error:
            raise UnavailableError(f"no answer within {_ANSWER_S:g} s") from error
        if unrooted:
            await note_unrooted(self._database, self._machine, root.store_path)
        # Whatever it was: the same path may be asked about again.
        await self._runner.acknowledge(request_id)

    @staticmethod
    def _tell(snapshot: Snapshot) -> None:
        extra = {"message_id": MessageId.SNAPSHOT_PRUNED, "task": snapshot.task_id, "project": snapshot.project}
        logger.info("pruned a snapshot: %s", snapshot.store_path, extra=extra)
