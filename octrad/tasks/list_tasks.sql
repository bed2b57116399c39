-- name: by_age
SELECT * FROM tasks
WHERE (%(states)s::text[] = '{}' OR state = ANY(%(states)s::text[]))
    AND (%(project)s = '' OR project = %(project)s)
    AND (%(before)s::bigint IS NULL OR ordinal < %(before)s)
ORDER BY ordinal DESC LIMIT %(limit)s;

-- name: by_likeness
-- The cast lets the index of this model serve; the model's name is part of the condition for the same reason.
SELECT tasks.* FROM request_embeddings JOIN tasks ON tasks.id = request_embeddings.task_id
WHERE request_embeddings.model = 'octra/hashing-384'
    AND (%(states)s::text[] = '{}' OR state = ANY(%(states)s::text[]))
    AND (%(project)s = '' OR project = %(project)s)
ORDER BY embedding::vector(384) <=> %(like)s::vector(384), tasks.ordinal DESC
LIMIT %(limit)s OFFSET %(offset)s;

-- name: scan_in_order
-- Without it an index scan gives up after its first candidates, and a filter could leave a page empty.
SET LOCAL hnsw.iterative_scan = strict_order;

-- name: ordinal_of
SELECT ordinal FROM tasks WHERE id = %(task_id)s;

-- name: count_under_way
-- Each half has a partial index of its own.
SELECT (SELECT count(*) FROM tasks WHERE state IN ('running', 'review')), (SELECT count(*) FROM tasks WHERE state = 'queued');

-- name: count_by_state
SELECT state, count(*) FROM tasks GROUP BY state;
