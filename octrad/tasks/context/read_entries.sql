-- name: at_revision
-- What counted at a revision, the newest of each kind: live entries, and those that went since. Each half is read from
-- its own index, so that however much a project has heard, only what is taken is touched.
SELECT entry.* FROM
    unnest(%(places)s::text[]) AS wanted (place),
    unnest(ARRAY[0, 1, 2]) AS kind (standing),
    LATERAL (
        (SELECT * FROM context_entries
        WHERE project = %(project)s AND place = wanted.place AND standing = kind.standing AND until IS NULL
            AND since <= %(revision)s
        ORDER BY since DESC, id DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT * FROM context_entries
        WHERE project = %(project)s AND place = wanted.place AND standing = kind.standing AND until > %(revision)s
            AND since <= %(revision)s
        ORDER BY since DESC, id DESC LIMIT %(limit)s)
        ORDER BY since DESC, id DESC LIMIT %(limit)s
    ) AS entry
ORDER BY entry.since, entry.id;

-- name: of_project
SELECT * FROM context_entries
WHERE project = %(project)s
    AND (%(scope)s = '' OR scope = %(scope)s)
    AND (%(include_gone)s OR until IS NULL)
    AND (%(before)s::bigint IS NULL OR id < %(before)s)
ORDER BY id DESC LIMIT %(limit)s;

-- name: of_task
SELECT * FROM context_entries
WHERE task_id = %(task_id)s
    AND (%(scope)s = '' OR scope = %(scope)s)
    AND (%(include_gone)s OR until IS NULL)
    AND (%(before)s::bigint IS NULL OR id < %(before)s)
ORDER BY id DESC LIMIT %(limit)s;
