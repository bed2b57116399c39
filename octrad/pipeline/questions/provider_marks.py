"""What gateways found out about providers, shared between machines and over restarts.

It only spares requests that would fail: whatever the database does, it never holds up or fails a question.
"""

import logging
from datetime import UTC, datetime

from octrad.foundation.postgres.errors import DatabaseUnavailableError
from octrad.foundation.postgres.pool import Database
from octrad.gateway.calls import Mark, Outcome
from octrad.tasks.provider_marks import ProviderMark, list_marks, record_mark

logger = logging.getLogger(__name__)

_TIMEOUT_S = 1.0


async def known_marks(database: Database) -> list[Mark]:
    """What is known now, for the gateway."""
    try:
        marks = await list_marks(database, timeout_s=_TIMEOUT_S)
    except DatabaseUnavailableError:
        return []
    return [
        Mark(mark.provider, mark.model, Outcome(mark.outcome), mark.until.timestamp(), mark.fingerprint)
        for mark in marks
        if mark.outcome in set(Outcome)  # else a newer octrad wrote it
    ]


async def share_mark(database: Database, mark: Mark) -> None:
    """Lets the others know."""
    until = datetime.fromtimestamp(mark.until, UTC)
    shared = ProviderMark(mark.provider, mark.model, mark.outcome, until, mark.fingerprint)
    try:
        await record_mark(database, shared, timeout_s=_TIMEOUT_S)
    except DatabaseUnavailableError:
        logger.info("what became of provider %s is not shared, because the database does not answer", mark.provider)
