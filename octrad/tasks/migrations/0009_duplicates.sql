-- Duplicates: what tells that a request was made before. And the prices of a call apart from its content.

-- A request has a vector of each model that it was compared by.
ALTER TABLE request_embeddings DROP CONSTRAINT request_embeddings_pkey;
ALTER TABLE request_embeddings ADD PRIMARY KEY (task_id, model);
-- Those of providers have any number of dimensions, so they are compared one by one.
CREATE INDEX request_embeddings_provider ON request_embeddings (model) WHERE model <> 'octra/hashing-384';

-- What makes two requests comparable, and what makes them equal.
CREATE TABLE request_fingerprints (
    task_id text COLLATE "C" PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    -- Of the normalised request; null: the task is older than this, and is found by its vector.
    sha256 text,
    -- What it builds on: empty for nothing, `project NAME` or `repository SHA-256`.
    ground text NOT NULL,
    -- As it was asked for; null: the task is older than this, and the plan may have put its own in its place.
    stack text,
    -- Empty where models answer; else which rehearsal does.
    rehearsal text NOT NULL
);
CREATE INDEX request_fingerprints_sha256 ON request_fingerprints (sha256);

INSERT INTO request_fingerprints (task_id, ground, rehearsal)
SELECT id,
    CASE
        WHEN bundle_id <> '' THEN 'repository ' || bundle_id
        WHEN EXISTS (SELECT 1 FROM tasks AS earlier WHERE earlier.project = tasks.project
            AND earlier.ordinal < tasks.ordinal) THEN 'project ' || project
        ELSE ''
    END,
    CASE WHEN rehearsal THEN 'rehearsal ' || model ELSE '' END
FROM tasks;

-- By which prices it was charged; empty: the call is older than this, and its content_hash covers the prices too.
ALTER TABLE model_calls ADD COLUMN prices_hash text NOT NULL DEFAULT '';
