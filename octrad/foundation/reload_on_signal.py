"""Reads the configuration anew when that is wished for, and says what came of it: in the log and to systemd.

A configuration that is wrong is refused whole; the former one stays.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from octrad.foundation.errors import ConfigurationError
from octrad.foundation.message_ids import MessageId
from octrad.foundation.settings import Settings
from octrad.foundation.systemd.service_manager import ServiceManager

logger = logging.getLogger(__name__)


async def reload_on_signal(
    wish: asyncio.Event, settings: Settings, manager: ServiceManager, told: Callable[[str], Awaitable[str]]
) -> None:
    """Reloads each time that `wish` is set, until cancelled.

    Args:
        wish: is cleared here.
        settings: the process's.
        manager: is told of the beginning and the end.
        told: is called with what is wrong, or nothing, and gives the line of the status that goes on from here.
    """
    while True:
        await wish.wait()
        wish.clear()
        manager.reloading()
        fault = await _reload(settings)
        manager.ready(await told(fault))


async def _reload(settings: Settings) -> str:
    try:
        # Names of users may be looked up on the network.
        waiting = await asyncio.to_thread(settings.reload)
    except ConfigurationError as error:
        extra = {"message_id": MessageId.CONFIGURATION_REFUSED}
        logger.error("the configuration is refused, the former one stays: %s", error.message, extra=extra)  # noqa: TRY400 - no traceback needed
        return error.message
    extra = {"message_id": MessageId.CONFIGURATION_RELOADED}
    if waiting:
        logger.warning("the configuration was read anew; needs a restart: %s", ", ".join(waiting), extra=extra)
    else:
        logger.info("the configuration was read anew", extra=extra)
    return ""
