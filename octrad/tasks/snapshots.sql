-- name: find_recorded
SELECT id, task_id, project, store_path, nar_hash, size_bytes, commit, created_at, partial, rehearsal, pruned_at
FROM snapshots WHERE task_id = %(task_id)s AND store_path = %(store_path)s;

-- name: add_snapshot
INSERT INTO snapshots (id, task_id, project, store_path, nar_hash, size_bytes, commit, partial, rehearsal, machine)
VALUES (
    %(id)s, %(task_id)s, %(project)s, %(store_path)s, %(nar_hash)s, %(size_bytes)s, %(commit)s, %(partial)s,
    %(rehearsal)s, %(machine)s
)
RETURNING id, task_id, project, store_path, nar_hash, size_bytes, commit, created_at, partial, rehearsal, pruned_at;

-- name: prove_snapshot
-- The same tree was put away before the task was proved, and is proved now.
UPDATE snapshots SET partial = partial AND %(partial)s WHERE id = %(id)s
RETURNING id, task_id, project, store_path, nar_hash, size_bytes, commit, created_at, partial, rehearsal, pruned_at;

-- name: revive_snapshot
-- The same tree was pruned and is in the store again: it is the newest, and as old as if it had never been there before.
UPDATE snapshots SET
    pruned_at = NULL, rooted = true, created_at = now(), ordinal = DEFAULT, machine = %(machine)s, partial = %(partial)s
WHERE id = %(id)s
RETURNING id, task_id, project, store_path, nar_hash, size_bytes, commit, created_at, partial, rehearsal, pruned_at;

-- name: name_newest
UPDATE tasks SET snapshot_id = %(id)s, store_path = %(store_path)s WHERE id = %(task_id)s;

-- name: list_snapshots
SELECT id, task_id, project, store_path, nar_hash, size_bytes, commit, created_at, partial, rehearsal, pruned_at
FROM snapshots
WHERE (%(project)s = '' OR project = %(project)s)
    AND (%(task_id)s = '' OR task_id = %(task_id)s)
    AND (%(pruned)s OR pruned_at IS NULL)
    AND (%(before)s::bigint IS NULL OR ordinal < %(before)s)
ORDER BY ordinal DESC LIMIT %(limit)s;

-- name: ordinal_of
SELECT ordinal FROM snapshots WHERE id = %(id)s;

-- name: find_snapshots
-- By its own id, or by the task's, which stands for the task's newest.
SELECT id, task_id, project, store_path, nar_hash, size_bytes, commit, created_at, partial, rehearsal, pruned_at
FROM (
    SELECT * FROM snapshots WHERE id LIKE %(name)s || '%%'
    UNION
    SELECT snapshots.* FROM tasks JOIN snapshots ON snapshots.id = tasks.snapshot_id
    WHERE tasks.id LIKE %(name)s || '%%'
) AS named
ORDER BY (id = %(name)s OR task_id = %(name)s) DESC, ordinal DESC LIMIT 6;

-- name: newest_snapshot
SELECT id, task_id, project, store_path, nar_hash, size_bytes, commit, created_at, partial, rehearsal, pruned_at
FROM snapshots WHERE project = %(project)s AND pruned_at IS NULL ORDER BY partial, ordinal DESC LIMIT 1;

-- name: note_base
UPDATE tasks SET base_snapshot_id = %(id)s
WHERE id = %(task_id)s AND generation = %(generation)s AND state IN ('running', 'review');

-- name: pruned_at
SELECT pruned_at FROM snapshots WHERE id = %(id)s;
