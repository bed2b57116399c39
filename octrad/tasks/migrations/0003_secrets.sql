-- Whether a person allowed the task's snapshots to hold what looks like a secret.
ALTER TABLE tasks ADD COLUMN allow_secrets boolean NOT NULL DEFAULT false;
