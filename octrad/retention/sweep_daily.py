"""Removes once a day what has grown old: snapshots and rows of the audit log, as the configuration in effect says.

A long sleep in the process, and no job of the queue: there is nothing to wake up for in between, and each machine has
snapshots of its own. What a sweep could not do, the next one does.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from octrad.foundation.errors import OctraError
from octrad.foundation.postgres.pool import Database
from octrad.foundation.settings import Settings
from octrad.retention.prune_snapshots import SnapshotPruner
from octrad.tasks.audit import remove_audit_events

logger = logging.getLogger(__name__)

# What was interrupted goes on first.
FIRST_AFTER_S = 300.0
_EVERY_S = 86400.0
_AGAIN_AFTER_S = 3600.0


class DailySweep:
    """The sweep of one octrad.

    Args:
        database: the audit log.
        pruner: of this machine's snapshots.
        settings: for how long what is kept.
    """

    def __init__(self, database: Database, pruner: SnapshotPruner, settings: Settings) -> None:
        self._database = database
        self._pruner = pruner
        self._settings = settings

    async def run(self) -> None:
        """Sweeps until cancelled: some minutes from now, then daily, or in an hour where it could not."""
        pause_s = FIRST_AFTER_S
        while True:
            await asyncio.sleep(pause_s)
            pause_s = _EVERY_S if await self.sweep() else _AGAIN_AFTER_S

    async def sweep(self) -> bool:
        """Removes what is old now; one part that fails keeps no other from it. Returns whether none failed."""
        done = [await _attempt(part) for part in (self._prune, self._remove_audit_events)]
        return all(done)

    async def _prune(self) -> None:
        if self._settings.current.snapshots.retention_days is None:
            await self._pruner.let_go()
        else:
            await self._pruner.prune(None)

    async def _remove_audit_events(self) -> None:
        days = self._settings.current.limits.audit_retention_days
        removed = await remove_audit_events(self._database, older_than_days=days)
        if removed:
            logger.info("removed %d rows of the audit log that are older than %d days", removed, days)


async def _attempt(part: Callable[[], Awaitable[None]]) -> bool:
    try:
        await part()
    except OctraError as error:
        logger.warning("removing what is old is put off: %s", error.message)
        return False
    except Exception:  # a task's boundary: a mistake of ours in here must not end the daemon
        logger.exception("removing what is old failed")
        return False
    return True
