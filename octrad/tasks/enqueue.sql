-- name: enqueue
-- At most one job waits for a task; the caller holds the task's row, so two cannot come at once.
SELECT procrastinate_defer_jobs_v1(ARRAY[
    ROW(
        %(queue)s::varchar, %(job)s::varchar, %(priority)s::integer, %(task_id)s::text, %(task_id)s::text,
        jsonb_build_object('task_id', %(task_id)s::text),
        CASE WHEN %(delay_s)s::float8 > 0 THEN now() + make_interval(secs => %(delay_s)s::float8) END
    )::procrastinate_job_to_defer_v1
])
WHERE NOT EXISTS (SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = %(task_id)s AND status = 'todo');

-- name: drop_waiting_job
SELECT procrastinate_cancel_job_v1(id, false, true) FROM procrastinate_jobs
WHERE queueing_lock = %(task_id)s AND status = 'todo';

-- name: drop_abandoned_job
-- A job that nobody works on any more. Finished, not made waiting again: its old worker may wake up and finish it too.
SELECT procrastinate_finish_job_v1(id, 'failed', true) FROM procrastinate_jobs
WHERE lock = %(task_id)s AND status = 'doing';
