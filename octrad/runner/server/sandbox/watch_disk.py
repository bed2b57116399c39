"""Says when a command is about to fill the disk that everything of Octra's is on."""

import os
from pathlib import Path

RESERVE_BYTES = 256 * 1024**2
# On a small disk the reserve is this part of it.
RESERVE_PART = 50


def is_disk_short(directory: Path) -> bool:
    """Whether less is free, for an ordinary user, than what the others need to end well."""
    disk = os.statvfs(directory)
    return disk.f_bavail * disk.f_frsize < min(RESERVE_BYTES, disk.f_blocks * disk.f_frsize // RESERVE_PART)
