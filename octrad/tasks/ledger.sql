-- name: list_model_calls
SELECT step, role, model, outcome, input_tokens, output_tokens, cached_tokens, cost_usd, duration_ms, error, content_hash,
    prices_hash, at
FROM model_calls WHERE task_id = %(task_id)s ORDER BY id;
