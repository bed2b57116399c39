-- name: find_recorded
SELECT id, task_id, project, store_path, nar_hash, size_bytes, commit, created_at, partial, rehearsal
FROM snapshots WHERE task_id = %(task_id)s AND store_path = %(store_path)s;

-- name: add_snapshot
INSERT INTO snapshots (id, task_id, project, store_path, nar_hash, size_bytes, commit, partial, rehearsal)
VALUES (
    %(id)s, %(task_id)s, %(project)s, %(store_path)s, %(nar_hash)s, %(size_bytes)s, %(commit)s, %(partial)s,
    %(rehearsal)s
)
RETURNING id, task_id, project, store_path, nar_hash, size_bytes, commit, created_at, partial, rehearsal;

-- name: prove_snapshot
-- The same tree was put away before the task was proved, and is proved now.
UPDATE snapshots SET partial = partial AND %(partial)s WHERE id = %(id)s
RETURNING id, task_id, project, store_path, nar_hash, size_bytes, commit, created_at, partial, rehearsal;

-- name: name_newest
UPDATE tasks SET snapshot_id = %(id)s, store_path = %(store_path)s WHERE id = %(task_id)s;

-- name: list_snapshots
SELECT id, task_id, project, store_path, nar_hash, size_bytes, commit, created_at, partial, rehearsal
FROM snapshots
WHERE (%(project)s = '' OR project = %(project)s)
    AND (%(task_id)s = '' OR task_id = %(task_id)s)
    AND (%(before)s::bigint IS NULL OR ordinal < %(before)s)
ORDER BY ordinal DESC LIMIT %(limit)s;

-- name: ordinal_of
SELECT ordinal FROM snapshots WHERE id = %(id)s;

-- name: find_snapshots
-- By its own id, or by the task's, which stands for the task's newest.
SELECT id, task_id, project, store_path, nar_hash, size_bytes, commit, created_at, partial, rehearsal
FROM (
    SELECT * FROM snapshots WHERE id LIKE %(name)s || '%%'
    UNION
    SELECT snapshots.* FROM tasks JOIN snapshots ON snapshots.id = tasks.snapshot_id
    WHERE tasks.id LIKE %(name)s || '%%'
) AS named
ORDER BY (id = %(name)s OR task_id = %(name)s) DESC, ordinal DESC LIMIT 6;

-- name: newest_snapshot
SELECT id, task_id, project, store_path, nar_hash, size_bytes, commit, created_at, partial, rehearsal
FROM snapshots WHERE project = %(project)s ORDER BY partial, ordinal DESC LIMIT 1;
