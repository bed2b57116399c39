-- name: request_cancel
UPDATE tasks SET cancel_requested = true, cancel_reason = %(reason)s WHERE id = %(task_id)s RETURNING *;

-- name: tell_owner
SELECT pg_notify('octra_cancel', %(task_id)s);

-- name: has_begun
SELECT EXISTS (SELECT 1 FROM steps WHERE task_id = %(task_id)s);
