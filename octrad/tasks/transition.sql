-- name: move_task
UPDATE tasks SET
    state = %(to)s,
    generation = generation + %(new_owners)s,
    machine = coalesce(%(machine)s, machine),
    queued_at = CASE WHEN %(to)s = 'queued' THEN now() ELSE queued_at END,
    started_at = CASE WHEN %(to)s = 'running' THEN coalesce(started_at, now()) ELSE started_at END,
    finished_at = CASE WHEN %(final)s THEN now() END
WHERE id = %(task_id)s
RETURNING *;

-- name: add_transition
INSERT INTO task_transitions (task_id, from_state, to_state, generation, role, uid, reason)
VALUES (%(task_id)s, %(from)s, %(to)s, %(generation)s, %(role)s, %(uid)s, %(reason)s);

-- name: write_note
UPDATE tasks SET note = %(note)s, next_command = %(next_command)s WHERE id = %(task_id)s;

-- name: fail_open_steps
-- What a task's end interrupted is not asked for again under the same attempt: its servants have forgotten or cancelled it.
-- So nothing is to be paid for it any more either.
WITH settled AS (DELETE FROM budget_reservations WHERE task_id = %(task_id)s)
UPDATE steps SET state = 'failed', error = 'the task ended' WHERE task_id = %(task_id)s AND state = 'running';

-- name: describe_task
UPDATE tasks SET
    title = coalesce(%(title)s, title),
    stack = coalesce(%(stack)s, stack),
    grade = coalesce(%(grade)s, grade),
    rehearsal = coalesce(%(rehearsal)s, rehearsal)
WHERE id = %(task_id)s AND generation = %(generation)s AND state IN ('running', 'review');
