-- name: recorded_result
SELECT result::text FROM steps WHERE task_id = %(task_id)s AND name = %(step)s AND state = 'finished';
