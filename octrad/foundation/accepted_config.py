"""The configuration that octrad goes by, as a file for the servants that it starts.

A servant may be started at any time, also while the file that people edit is wrong and was refused: then it goes by
what octrad goes by. A servant that systemd starts reads the file itself.
"""

import logging
import os
from pathlib import Path

logger = logging.getLogger(__name__)


def accepted_path(state_dir: Path) -> Path:
    """Where it is."""
    return state_dir / "accepted.toml"


def keep_accepted(state_dir: Path, text: str) -> None:
    """Puts the text there, whole or not at all, readable for us only: a DSN may be in it.

    Where the disk refuses, the log says so, and servants go by the former one.
    """
    path = accepted_path(state_dir)
    fresh = path.with_suffix(".new")
    try:
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)
    except OSError as error:
        logger.error("cannot write the configuration for the servants: %s", error)  # noqa: TRY400 - no traceback needed
