-- name: lock_duplicates
-- One submission at a time: two equal ones at the same moment would both find none before them.
SELECT pg_advisory_xact_lock(hashtextextended('octra duplicates', 0));

-- name: continues_project
SELECT EXISTS (SELECT 1 FROM tasks WHERE project = %(project)s);

-- name: scan_in_order
-- Without it an index scan gives up after its first candidates.
SET LOCAL hnsw.iterative_scan = strict_order;

-- name: find_duplicate
-- An equal one goes before a near one, and of those each model has an order of its own: the first in it is told.
WITH candidates AS (
    (SELECT task_id, 0 AS rank, 0::double precision AS distance
    FROM request_fingerprints WHERE sha256 = %(sha256)s)
    UNION ALL
    -- The cast lets the index of this model serve; the model's name is part of the condition for the same reason.
    (SELECT task_id, 1, embedding::vector(384) <=> %(words)s::vector(384) AS distance
    FROM request_embeddings WHERE model = 'octra/hashing-384'
    ORDER BY embedding::vector(384) <=> %(words)s::vector(384) LIMIT 200)
    UNION ALL
    -- A model that changed its dimensions under the same name is not compared with what it said before.
    (SELECT task_id, 2, CASE WHEN vector_dims(embedding) = %(dimensions)s THEN embedding <=> %(meaning)s::vector END
    FROM request_embeddings WHERE model = %(model)s AND model <> 'octra/hashing-384')
)
SELECT tasks.id AS task_id, tasks.title, tasks.state, coalesce(kept.id, '') AS snapshot_id,
    CASE candidates.rank WHEN 0 THEN 'text' WHEN 1 THEN 'octra/hashing-384' ELSE %(model)s::text END AS compared_by,
    1 - candidates.distance AS similarity
FROM candidates
JOIN tasks ON tasks.id = candidates.task_id
JOIN request_fingerprints AS fingerprint ON fingerprint.task_id = tasks.id
LEFT JOIN snapshots AS kept ON kept.id = tasks.snapshot_id AND kept.pruned_at IS NULL
WHERE candidates.distance <= 1 - %(similarity)s::double precision + 1e-9
    AND tasks.state NOT IN ('failed', 'cancelled')
    AND (fingerprint.ground = %(ground)s
        -- What began a project is one of its requests too.
        OR (%(ground)s LIKE 'project %%' AND fingerprint.ground = '' AND tasks.project = %(project)s))
    AND (fingerprint.stack IS NULL OR fingerprint.stack = %(stack)s)
    AND fingerprint.rehearsal = %(rehearsal)s
ORDER BY candidates.rank, candidates.distance, kept.id IS NULL, tasks.ordinal DESC
LIMIT 1;

-- name: add_fingerprint
INSERT INTO request_fingerprints (task_id, sha256, ground, stack, rehearsal)
VALUES (%(task_id)s, %(sha256)s, %(ground)s, %(stack)s, %(rehearsal)s);

-- name: add_embedding
INSERT INTO request_embeddings (task_id, model, embedding)
VALUES (%(task_id)s, %(model)s, %(embedding)s::vector);
