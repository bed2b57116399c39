"""The root that holds a snapshot in the store: a link called like the commit, and a record of what it holds beside it.

The record is written anew each time that the snapshot is taken, so that its age tells since when nobody asked for it.
"""

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from octrad.runner.server.nix.keyed_lock import KeyedLock

# Two tasks of one project may end at the same commit, and one may end at what is being let go of.
root_lock = KeyedLock()


class SnapshotRecord(BaseModel):
    """What is known of a snapshot without asking Nix."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    store_path: str
    nar_hash: str
    size_bytes: int
    tree_hash: str


def read_record(root: Path) -> SnapshotRecord | None:
    """The record of a root; None where there is none, or the link leads elsewhere. Blocks."""
    try:
        record = SnapshotRecord.model_validate_json(_record_path(root).read_bytes())
        rooted = str(root.readlink()) == record.store_path
    except (FileNotFoundError, ValidationError):
        return None
    return record if rooted else None


def write_record(root: Path, record: SnapshotRecord) -> None:
    """Writes the record, whole or not at all. Blocks.

    Raises:
        OSError: it cannot be written.
    """
    part = root.with_name(f".{root.name}.part")
    try:
        part.write_text(record.model_dump_json())
        part.replace(_record_path(root))
    finally:
        part.unlink(missing_ok=True)


def touch_record(root: Path) -> None:
    """Notes that the snapshot was asked for again. Blocks."""
    os.utime(_record_path(root))


def last_taken(root: Path) -> float:
    """When the snapshot was last asked for, in seconds of the epoch; 0 where nobody knows. Blocks."""
    try:
        return _record_path(root).stat().st_mtime
    except FileNotFoundError:
        return 0.0


def remove_root(root: Path) -> None:
    """Removes the link and its record; those that are not there are fine. Blocks."""
    root.unlink(missing_ok=True)
    _record_path(root).unlink(missing_ok=True)


def _record_path(root: Path) -> Path:
    return root.with_name(f"{root.name}.json")
