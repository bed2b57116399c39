-- name: prune
-- The rule. What the next task of a project would begin with is its newest proved snapshot, else its newest. A task that
-- has not ended may bring any of its own back, and is still reading the one that it begins with.
UPDATE snapshots AS old SET pruned_at = now()
WHERE pruned_at IS NULL AND machine = %(machine)s
    AND (%(project)s = '' OR project = %(project)s)
    AND created_at < now() - make_interval(days => %(days)s)
    AND EXISTS (
        SELECT 1 FROM snapshots AS newer
        WHERE newer.project = old.project AND newer.ordinal > old.ordinal AND newer.pruned_at IS NULL
    )
    AND (old.partial OR EXISTS (
        SELECT 1 FROM snapshots AS newer
        WHERE newer.project = old.project AND newer.ordinal > old.ordinal AND newer.pruned_at IS NULL
            AND NOT newer.partial
    ))
    AND NOT EXISTS (
        SELECT 1 FROM tasks WHERE tasks.id = old.task_id AND state NOT IN ('done', 'failed', 'cancelled')
    )
    AND NOT EXISTS (
        SELECT 1 FROM tasks
        WHERE base_snapshot_id = old.id AND base_snapshot_id <> '' AND state NOT IN ('done', 'failed', 'cancelled')
    )
RETURNING id, task_id, project, store_path, nar_hash, size_bytes, commit, created_at, partial, rehearsal, pruned_at;

-- name: loose_roots
-- Content addressing makes equal trees one path: the root stays for as long as any snapshot that is kept names it.
SELECT DISTINCT store_path, commit FROM snapshots AS old
WHERE machine = %(machine)s AND pruned_at IS NOT NULL AND rooted
    AND NOT EXISTS (
        SELECT 1 FROM snapshots AS kept
        WHERE kept.store_path = old.store_path AND kept.machine = old.machine AND kept.pruned_at IS NULL
    )
ORDER BY store_path;

-- name: rooted
SELECT DISTINCT store_path FROM snapshots WHERE machine = %(machine)s AND pruned_at IS NOT NULL AND rooted;

-- name: note_unrooted
-- Not where the same tree was put away again meanwhile: that snapshot is kept, and has its root.
UPDATE snapshots SET rooted = false
WHERE machine = %(machine)s AND store_path = %(store_path)s AND pruned_at IS NOT NULL;
