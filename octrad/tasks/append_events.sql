-- name: append_events
-- The number comes from the task's row, whose lock is held until the commit: a reader who sees number N sees all before.
WITH owner AS (
    UPDATE tasks SET last_seq = last_seq + jsonb_array_length(%(events)s)
    WHERE id = %(task_id)s
        AND (%(generation)s::bigint IS NULL
            OR (generation = %(generation)s AND state IN ('running', 'review')))
    RETURNING id, last_seq, last_seq - jsonb_array_length(%(events)s) AS seq_before
), appended AS (
    INSERT INTO events (task_id, seq, at, role, agent, step, kind, detail)
    SELECT owner.id, owner.seq_before + item.number, item.at, item.role, item.agent, item.step, item.kind, item.detail
    FROM owner, ROWS FROM (jsonb_to_recordset(%(events)s) AS
        (at timestamptz, role text, agent text, step text, kind text, detail jsonb))
        WITH ORDINALITY AS item (at, role, agent, step, kind, detail, number)
)
SELECT pg_notify('octra_events', owner.id) FROM owner;

-- name: was_appended
SELECT 1 FROM events
WHERE task_id = %(task_id)s AND at = %(at)s::timestamptz AND kind = %(kind)s AND step = %(step)s AND agent = %(agent)s;
