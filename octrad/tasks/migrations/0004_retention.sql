-- Retention: what was pruned, and what may not be.

-- Whose Nix store a snapshot is in: each machine prunes its own.
ALTER TABLE snapshots ADD COLUMN machine text NOT NULL DEFAULT '';
UPDATE snapshots SET machine = tasks.machine FROM tasks WHERE tasks.id = snapshots.task_id;
-- Null: it is kept. The row stays when the snapshot goes.
ALTER TABLE snapshots ADD COLUMN pruned_at timestamptz;
-- Whether its root may still be there. Roots go after `pruned_at` was written, never before.
ALTER TABLE snapshots ADD COLUMN rooted boolean NOT NULL DEFAULT true;
CREATE INDEX snapshots_to_unroot ON snapshots (machine) WHERE pruned_at IS NOT NULL AND rooted;
CREATE INDEX snapshots_store_path ON snapshots (store_path);

-- The snapshot that the task begins with; empty where it begins with something else, or has not begun.
ALTER TABLE tasks ADD COLUMN base_snapshot_id text NOT NULL DEFAULT '';
CREATE INDEX tasks_base_snapshot ON tasks (base_snapshot_id) WHERE base_snapshot_id <> '';

CREATE INDEX audit_events_at ON audit_events (at);
CREATE INDEX audit_events_refused ON audit_events (uid, method, at) WHERE outcome = 'refused';
