-- name: charge
WITH calls AS (
    SELECT * FROM jsonb_to_recordset(%(calls)s) AS (
        model text, outcome text, input_tokens bigint, output_tokens bigint, cached_tokens bigint,
        cost_usd double precision, duration_ms bigint, error text, content_hash text, prices_hash text,
        step text, role text, at timestamptz
    )
), charged AS (
    INSERT INTO model_calls (task_id, step, role, model, outcome, input_tokens, output_tokens, cached_tokens, cost_usd,
        duration_ms, error, content_hash, prices_hash, at)
    SELECT %(task_id)s, step, role, model, outcome, input_tokens, output_tokens, cached_tokens, cost_usd, duration_ms,
        error, content_hash, prices_hash, at
    FROM calls
)
UPDATE tasks SET
    input_tokens = input_tokens + coalesce((SELECT sum(input_tokens) FROM calls), 0),
    output_tokens = output_tokens + coalesce((SELECT sum(output_tokens) FROM calls), 0),
    cost_usd = cost_usd + coalesce((SELECT sum(cost_usd) FROM calls), 0),
    unpriced_calls = unpriced_calls + (SELECT count(*) FROM calls WHERE cost_usd IS NULL AND outcome = 'ok')
WHERE id = %(task_id)s;
