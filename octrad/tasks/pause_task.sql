-- name: pause
-- Nobody makes its calls any more; those of an owner of before are paid for when it goes on.
WITH settled AS (DELETE FROM budget_reservations WHERE task_id = %(task_id)s)
UPDATE tasks SET paused_by = %(scope)s WHERE id = %(task_id)s;

-- name: paused_tasks
SELECT id AS task_id, project, uid, user_name, budget_usd FROM tasks WHERE state = 'paused' AND paused_by <> '' ORDER BY ordinal;

-- name: unpause
UPDATE tasks SET note = '', next_command = '', paused_by = ''
WHERE id = %(task_id)s AND state = 'paused' AND paused_by <> ''
RETURNING 1;
