-- name: add_step
-- Forgotten by a fresh retry, it is written again. What is there stays.
INSERT INTO steps (task_id, name, state, role, agent, title, started_at, duration_ms, result)
VALUES (%(task_id)s, %(step)s, 'finished', %(role)s, '', %(title)s, now(), %(duration_ms)s, %(result)s::json)
ON CONFLICT (task_id, name) DO UPDATE SET state = 'finished', result = excluded.result
    WHERE steps.state = 'forgotten'
RETURNING 1;
