"""The library in use, which a reload replaces whole: whoever begins something takes it from here."""

import logging
from pathlib import Path

from octrad.foundation.message_ids import MessageId
from octrad.knowledge.library import Library, read_library

logger = logging.getLogger(__name__)


class LibraryInUse:
    """Reads the library when it is made, and again when it is told to. What is passed over goes to the log.

    Raises:
        ConfigurationError: a shipped file is not what it must be.
    """

    def __init__(self, own_dir: Path | None = None) -> None:
        self._library = _read(own_dir)

    @property
    def current(self) -> Library:
        """What is in use now."""
        return self._library

    def reload(self, own_dir: Path | None) -> None:
        """Reads all of it again; blocks for tens of milliseconds."""
        self._library = _read(own_dir)


def _read(own_dir: Path | None) -> Library:
    library = read_library(own_dir)
    for fault in library.faults:
        logger.warning("passed over a file of the library: %s", fault, extra={"message_id": MessageId.LIBRARY_FAULTY})
    return library
