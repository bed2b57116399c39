-- name: count_failure
UPDATE tasks SET failures = failures + 1 WHERE id = %(task_id)s;

-- name: abandoned_tasks
-- What this machine owns and does not hold; what a dead worker holds; what should wait in the queue and does not.
SELECT id FROM tasks
WHERE state IN ('running', 'review') AND machine = %(machine)s
    AND NOT id = ANY(%(in_hand)s::text[]) AND (%(only)s = '' OR id = %(only)s)
UNION
SELECT job.lock FROM procrastinate_jobs AS job LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
WHERE job.task_name = %(job)s AND job.status = 'doing'
    AND NOT job.lock = ANY(%(in_hand)s::text[]) AND (%(only)s = '' OR job.lock = %(only)s)
    AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => %(stalled_s)s::float8)
        OR job.lock = ANY(%(lost)s::text[]))
UNION
SELECT id FROM tasks
WHERE state = 'queued' AND (%(only)s = '' OR id = %(only)s)
    AND NOT EXISTS (
        SELECT 1 FROM procrastinate_jobs AS job
        WHERE job.lock = tasks.id AND job.status IN ('todo', 'doing')
    );

-- name: fetched_by_machine
SELECT job.lock FROM procrastinate_jobs AS job JOIN queue_workers USING (worker_id)
WHERE queue_workers.machine = %(machine)s AND job.status = 'doing';

-- name: forget_workers
-- The machine's workers of before are dead: nobody else can hold its state directory.
WITH gone AS (DELETE FROM queue_workers WHERE machine = %(machine)s RETURNING worker_id)
SELECT procrastinate_unregister_worker_v1(worker_id) FROM gone;

-- name: note_worker
INSERT INTO queue_workers (worker_id, machine) VALUES (%(worker_id)s, %(machine)s);

-- name: is_owned
SELECT 1 FROM tasks WHERE id = %(task_id)s AND generation = %(generation)s AND state IN ('running', 'review');
