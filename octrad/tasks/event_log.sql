-- name: read_events
-- One statement, so one view: the state and the last number are those that the events of the same answer belong to.
SELECT
    tasks.state, tasks.last_seq,
    events.seq, events.at, events.role, events.agent, events.step, events.kind, events.detail
FROM tasks LEFT JOIN LATERAL (
    SELECT * FROM events WHERE events.task_id = tasks.id AND seq > %(after_seq)s ORDER BY seq LIMIT %(limit)s
) AS events ON true
WHERE tasks.id = %(task_id)s
ORDER BY events.seq;
