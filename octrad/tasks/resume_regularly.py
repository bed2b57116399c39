"""Looks now and then whether paused tasks have room again: a day or month ended, or the configuration was changed."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from octrad.foundation.config import Budgets
from octrad.foundation.postgres.errors import DatabaseUnavailableError
from octrad.foundation.postgres.pool import Database
from octrad.tasks.pause_task import resume_paused

logger = logging.getLogger(__name__)
_LOOK_S: Final = 60.0


async def resume_regularly(database: Database, budgets: Callable[[], Budgets]) -> None:
    """Queues paused tasks that have room again, until cancelled. `budgets` gives those in effect now."""
    while True:
        await asyncio.sleep(_LOOK_S)
        try:
            resumed = await resume_paused(database, budgets(), datetime.now(UTC))
        except DatabaseUnavailableError as error:
            logger.warning("could not look for paused tasks: %s", error)
            continue
        if resumed:
            logger.info("paused tasks have room in their budgets again: %d", len(resumed))
