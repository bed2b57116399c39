"""How snapshots, and what was pruned of them, are shown."""

from google.protobuf.timestamp_pb2 import Timestamp

from octra_proto.v1 import snapshots_pb2, tasks_pb2
from octractl.render.snapshot_table import pruned_summary, pruned_table, snapshot_table
from octractl.render.task_page import task_page

MADE = Timestamp(seconds=1_790_000_000)
PRUNED = Timestamp(seconds=1_800_000_000)


def snapshot(*, pruned: bool = False, partial: bool = False) -> snapshots_pb2.Snapshot:
    return snapshots_pb2.Snapshot(
        id="s7c4s6wtgf",
        task_id="t84cpc3t34",
        project="tools\x1b[31m",
        size_bytes=20 * 1024,
        store_path="/nix/store/x-octra-project",
        created_at=MADE,
        partial=partial,
        pruned_at=PRUNED if pruned else None,
    )


def test_kind_says_whether_it_is_proved_and_when_it_was_pruned() -> None:
    lines = snapshot_table([snapshot(), snapshot(pruned=True, partial=True)])
    assert lines[0].split() == ["SNAPSHOT", "TASK", "PROJECT", "SIZE", "MADE", "KIND", "STORE", "PATH"]
    assert "  whole " in lines[1]
    assert "  partial, pruned 2027-01-15  /nix/store/x-octra-project" in lines[2]
    assert "\x1b" not in "".join(lines)


def test_what_was_pruned_is_counted_and_the_way_to_the_disk_space_named() -> None:
    parts = [snapshots_pb2.PruneSnapshotsResponse(snapshot=snapshot(pruned=True)) for _ in range(2)]
    assert len(pruned_table(parts)) == 3
    assert pruned_summary(parts, dry_run=False) == [
        "pruned 2 snapshots, 40 KiB; nix-collect-garbage frees the disk space"
    ]
    parts[1].rooted = True
    assert pruned_summary(parts, dry_run=False)[1].startswith("1 of them")
    assert pruned_summary(parts[:1], dry_run=True) == ["would prune 1 snapshot, 20 KiB; nothing was changed"]


def test_nothing_to_prune_is_said_without_a_table() -> None:
    assert pruned_table([]) == []
    assert pruned_summary([], dry_run=False)[0].startswith("nothing to prune")


def test_task_page_says_that_its_snapshot_was_pruned_and_offers_no_restore() -> None:
    task = tasks_pb2.Task(id="t84cpc3t34", snapshot_id="s7c4s6wtgf", store_path="/nix/store/x-octra-project")
    kept = "\n".join(task_page(tasks_pb2.GetTaskResponse(task=task)))
    assert "restore:  octractl restore t84cpc3t34" in kept
    gone = "\n".join(task_page(tasks_pb2.GetTaskResponse(task=task, snapshot_pruned_at=PRUNED)))
    assert "snapshot: s7c4s6wtgf, pruned on 2027-01-15" in gone
    assert "restore:" not in gone
