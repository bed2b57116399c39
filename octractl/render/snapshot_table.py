"""Lists of snapshots, and what was pruned of them, as text. Pure."""

from collections.abc import Sequence
from datetime import UTC, tzinfo

from octra_proto.v1 import snapshots_pb2
from octractl.render import figures
from octractl.render.clean_text import clean_line
from octractl.render.table import layout_table
from octractl.render.task_page import clock_time, rehearsal_mark


def snapshot_table(snapshots: Sequence[snapshots_pb2.Snapshot], zone: tzinfo = UTC, width: int = 0) -> list[str]:
    """Returns the lines of a list of snapshots.

    Args:
        snapshots: in the order of their rows.
        zone: the time zone of the times.
        width: columns of the terminal; 0 cuts nothing.
    """
    rows = [
        (s.id, s.task_id, _project(s), figures.size(s.size_bytes), clock_time(s.created_at, zone), _kind(s, zone),
         clean_line(s.store_path) + rehearsal_mark(s.rehearsal))
        for s in snapshots
    ]  # fmt: skip
    return layout_table(("SNAPSHOT", "TASK", "PROJECT", "SIZE", "MADE", "KIND", "STORE PATH"), rows, width)


def pruned_table(
    pruned: Sequence[snapshots_pb2.PruneSnapshotsResponse], zone: tzinfo = UTC, width: int = 0
) -> list[str]:
    """Returns the lines of what was pruned, or would be; none for nothing. The rest is as in `snapshot_table`."""
    return snapshot_table([part.snapshot for part in pruned], zone, width) if pruned else []


def pruned_summary(pruned: Sequence[snapshots_pb2.PruneSnapshotsResponse], *, dry_run: bool) -> list[str]:
    """Returns how much it is, and what there is to do for it."""
    if not pruned:
        return ["nothing to prune: what is old enough is still needed, or nothing is"]
    amount = figures.size(sum(part.snapshot.size_bytes for part in pruned))
    what = f"{len(pruned)} snapshot{'' if len(pruned) == 1 else 's'}, {amount}"
    if dry_run:
        return [f"would prune {what}; nothing was changed"]
    rooted = sum(part.rooted for part in pruned)
    later = [f"{rooted} of them are held a while longer: by an equal snapshot, or until the runner is there"]
    return [f"pruned {what}; nix-collect-garbage frees the disk space", *(later if rooted else [])]


def _project(snapshot: snapshots_pb2.Snapshot) -> str:
    return clean_line(snapshot.project, 24) if snapshot.project != snapshot.task_id else "-"


def _kind(snapshot: snapshots_pb2.Snapshot, zone: tzinfo) -> str:
    kind = "partial" if snapshot.partial else "whole"
    if not snapshot.HasField("pruned_at"):
        return kind
    return f"{kind}, pruned {clock_time(snapshot.pruned_at, zone)[:10]}"
