-- name: recorded_steps
SELECT name, result::text FROM steps WHERE task_id = %(task_id)s AND state = 'finished';

-- name: begin_step
WITH owner AS (
    UPDATE tasks SET last_seq = last_seq + 1
    WHERE id = %(task_id)s AND generation = %(generation)s AND state IN ('running', 'review')
    RETURNING id, last_seq, project
), begun AS (
    INSERT INTO steps (task_id, name, state, role, agent, title, started_at, context_revision)
    SELECT owner.id, %(step)s, 'running', %(role)s, %(agent)s, %(title)s, %(at)s, projects.context_revision
    FROM owner JOIN projects ON projects.name = owner.project
    ON CONFLICT (task_id, name) DO UPDATE SET
        state = 'running',
        -- Only what failed, or was forgotten, is another attempt. What a crash interrupted is asked for again as it was.
        attempt = steps.attempt + (steps.state <> 'running')::integer,
        -- And with what it was told then.
        context_revision =
            CASE WHEN steps.state = 'running' THEN steps.context_revision ELSE excluded.context_revision END,
        role = excluded.role, agent = excluded.agent, title = excluded.title, started_at = excluded.started_at,
        duration_ms = 0, commit = '', has_log = false, result = NULL, error = ''
    RETURNING attempt, context_revision
), appended AS (
    INSERT INTO events (task_id, seq, at, role, agent, step, kind, detail)
    SELECT id, last_seq, %(at)s, %(role)s, %(agent)s, %(step)s, 'step_started', %(detail)s FROM owner
)
SELECT begun.attempt, begun.context_revision, pg_notify('octra_events', owner.id) FROM owner, begun;

-- name: begun_attempt
-- After an outage: whether the statement above came through.
SELECT attempt, context_revision FROM steps
WHERE task_id = %(task_id)s AND name = %(step)s AND state = 'running' AND started_at = %(at)s;

-- name: end_step
WITH calls AS (
    SELECT * FROM jsonb_to_recordset(%(calls)s) AS (
        model text, outcome text, input_tokens bigint, output_tokens bigint, cached_tokens bigint,
        cost_usd double precision, duration_ms bigint, error text, content_hash text, prices_hash text,
        step text, role text, at timestamptz
    )
), owner AS (
    UPDATE tasks SET
        last_seq = last_seq + jsonb_array_length(%(events)s),
        input_tokens = input_tokens + coalesce((SELECT sum(input_tokens) FROM calls), 0),
        output_tokens = output_tokens + coalesce((SELECT sum(output_tokens) FROM calls), 0),
        cost_usd = cost_usd + coalesce((SELECT sum(cost_usd) FROM calls), 0),
        unpriced_calls = unpriced_calls + (SELECT count(*) FROM calls WHERE cost_usd IS NULL AND outcome = 'ok')
    WHERE id = %(task_id)s AND generation = %(generation)s AND state IN ('running', 'review')
    RETURNING id, last_seq - jsonb_array_length(%(events)s) AS seq_before
), ended AS (
    UPDATE steps SET
        state = %(state)s, result = %(result)s::json, error = %(error)s, duration_ms = %(duration_ms)s,
        commit = %(commit)s, has_log = %(has_log)s
    FROM owner WHERE task_id = owner.id AND name = %(step)s
), charged AS (
    INSERT INTO model_calls (task_id, step, role, model, outcome, input_tokens, output_tokens, cached_tokens, cost_usd,
        duration_ms, error, content_hash, prices_hash, at)
    SELECT owner.id, step, role, model, outcome, input_tokens, output_tokens, cached_tokens, cost_usd, duration_ms,
        error, content_hash, prices_hash, at
    FROM owner, calls
), settled AS (
    -- What its call reserved of budgets is spent from here on, or free.
    DELETE FROM budget_reservations USING owner WHERE task_id = owner.id AND step = %(step)s
), appended AS (
    INSERT INTO events (task_id, seq, at, role, agent, step, kind, detail)
    SELECT owner.id, owner.seq_before + item.number, item.at, item.role, item.agent, item.step, item.kind, item.detail
    FROM owner, ROWS FROM (jsonb_to_recordset(%(events)s) AS
        (at timestamptz, role text, agent text, step text, kind text, detail jsonb))
        WITH ORDINALITY AS item (at, role, agent, step, kind, detail, number)
)
SELECT pg_notify('octra_events', owner.id) FROM owner;

-- name: has_ended
-- After an outage: whether the statement above came through. Only this owner could have ended it.
SELECT 1 FROM steps WHERE task_id = %(task_id)s AND name = %(step)s AND state <> 'running';
