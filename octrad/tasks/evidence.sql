-- name: reuse_evidence
WITH found AS (
    SELECT id, command, tree_hash, environment_hash, at FROM evidence
    WHERE tree_hash = %(tree_hash)s AND environment_hash = %(environment_hash)s AND command = %(command)s
), used AS (
    INSERT INTO task_evidence (task_id, evidence_id) SELECT %(task_id)s, id FROM found ON CONFLICT DO NOTHING
)
SELECT command, tree_hash, environment_hash, at FROM found;

-- name: record_evidence
WITH owner AS (
    SELECT id FROM tasks WHERE id = %(task_id)s AND generation = %(generation)s AND state IN ('running', 'review')
    FOR SHARE
), proved AS (
    -- An update that changes nothing, so that the row is returned when it was there.
    INSERT INTO evidence (tree_hash, environment_hash, command)
    SELECT %(tree_hash)s, %(environment_hash)s, %(command)s FROM owner
    ON CONFLICT (tree_hash, environment_hash, command) DO UPDATE SET command = excluded.command
    RETURNING id
), used AS (
    INSERT INTO task_evidence (task_id, evidence_id) SELECT owner.id, proved.id FROM owner, proved
    ON CONFLICT DO NOTHING
)
SELECT 1 FROM owner;

-- name: list_evidence
SELECT command, tree_hash, environment_hash, at
FROM evidence JOIN task_evidence ON evidence_id = evidence.id
WHERE task_id = %(task_id)s ORDER BY evidence.id;
