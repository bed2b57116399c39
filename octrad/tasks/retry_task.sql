-- name: begin_run
UPDATE tasks SET
    run = run + 1,
    failures = 0,
    cancel_requested = false,
    cancel_reason = '',
    note = '',
    next_command = '',
    grade = CASE WHEN %(fresh)s THEN 0 ELSE grade END,
    model = coalesce(nullif(%(model)s, ''), model),
    allow_secrets = %(allow_secrets)s OR (allow_secrets AND NOT %(fresh)s)
WHERE id = %(task_id)s;

-- name: forget_steps
UPDATE steps SET state = 'forgotten', result = NULL WHERE task_id = %(task_id)s;
