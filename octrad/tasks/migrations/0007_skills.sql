-- The areas of the skill warehouse that the task's agents see; none: all of them.
ALTER TABLE tasks ADD COLUMN skill_areas text[] NOT NULL DEFAULT '{}';
