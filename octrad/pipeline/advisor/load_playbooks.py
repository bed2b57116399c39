"""Reads the playbooks: those that are shipped, once a process, and the user's own, anew each time they are wanted.

A file of the user's that is broken is named and passed over: the advice of a task must not depend on it.
"""

import asyncio
import logging
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from octrad.foundation.errors import ConfigurationError
from octrad.pipeline.advisor.playbook import SUFFIX, Playbook, parse_playbook

logger = logging.getLogger(__name__)

FILE_BYTES = 64 * 1024
FILES_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class OwnPlaybooks:
    """The user's own, in the order of their names, and what is wrong with the other files."""

    playbooks: tuple[Playbook, ...] = ()
    faults: tuple[str, ...] = ()


@cache
def shipped_playbooks() -> tuple[Playbook, ...]:
    """Those that are shipped, in the order of their names.

    Raises:
        ConfigurationError: a file is not what it must be.
    """
    found = sorted(files("octrad.pipeline.advisor").joinpath("playbooks").iterdir(), key=lambda file: file.name)
    return tuple(
        parse_playbook(file.name, file.read_text(encoding="utf-8")) for file in found if file.name.endswith(SUFFIX)
    )


def read_own_playbooks(directory: Path | None) -> OwnPlaybooks:
    """What is in the user's directory; nothing where none is configured."""
    if directory is None:
        return OwnPlaybooks()
    try:
        paths = sorted(path for path in directory.iterdir() if path.name.endswith(SUFFIX))
    except OSError as error:
        return OwnPlaybooks(faults=(f"cannot read the directory {directory}: {error.strerror}",))
    playbooks: list[Playbook] = []
    faults = [f"{directory} has more than {FILES_AT_MOST} playbooks"] if len(paths) > FILES_AT_MOST else []
    for path in paths[:FILES_AT_MOST]:
        try:
            playbooks.append(parse_playbook(path.name, _read(path)))
        except ConfigurationError as error:
            faults.append(f"{error.message} (in {directory})")
    return OwnPlaybooks(tuple(playbooks), tuple(faults))


async def load_own_playbooks(directory: Path | None) -> tuple[Playbook, ...]:
    """The user's own that can be used; what is wrong with others goes to the log."""
    own = await asyncio.to_thread(read_own_playbooks, directory)
    for fault in own.faults:
        logger.warning("passed over a playbook: %s", fault)
    return own.playbooks


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES + 1)
        if len(content) > FILE_BYTES:
            raise ConfigurationError(f"the playbook {path.name} has more than {FILE_BYTES} bytes")
        return content.decode("utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot read the playbook {path.name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"the playbook {path.name} is no text in UTF-8") from error
