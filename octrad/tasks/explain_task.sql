-- name: facts
SELECT
    (SELECT count(*) FROM tasks AS other WHERE other.state = 'queued' AND task.state = 'queued'
        AND (other.priority, other.queued_at, other.ordinal) < (task.priority, task.queued_at, task.ordinal)) AS ahead,
    (SELECT count(*) FROM tasks AS other WHERE other.state IN ('running', 'review')) AS running_tasks,
    (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 seconds') AS workers,
    (SELECT scheduled_at FROM procrastinate_jobs WHERE queueing_lock = task.id AND status = 'todo'
        AND scheduled_at > now()) AS not_before,
    (SELECT reason FROM task_transitions WHERE task_id = task.id ORDER BY id DESC LIMIT 1) AS reason,
    coalesce((SELECT array_agg(coalesce(nullif(title, ''), name) ORDER BY started_at) FROM steps
        WHERE task_id = task.id AND steps.state = 'running'), '{}') AS running_steps,
    (SELECT min(started_at) FROM steps WHERE task_id = task.id AND steps.state = 'running') AS running_since,
    coalesce((SELECT name FROM steps WHERE task_id = task.id AND steps.state = 'failed' AND error <> 'the task ended'
        ORDER BY started_at DESC LIMIT 1), '') AS failed_step,
    now() AS now
FROM tasks AS task WHERE id = %(task_id)s;
