-- name: hold_off_pruning
SELECT pg_advisory_xact_lock_shared(hashtextextended('octra prune', 0));

-- name: begin_pruning
SELECT pg_advisory_xact_lock(hashtextextended('octra prune', 0));
