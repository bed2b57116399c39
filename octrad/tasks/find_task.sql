-- name: get_task
SELECT * FROM tasks WHERE id = %(task_id)s;

-- name: lock_task
SELECT * FROM tasks WHERE id = %(task_id)s FOR UPDATE;

-- name: find_tasks
-- One more than is told, so that "and others" is known.
SELECT * FROM tasks WHERE id LIKE %(name)s || '%%' ORDER BY (id = %(name)s) DESC, ordinal DESC LIMIT 6;
