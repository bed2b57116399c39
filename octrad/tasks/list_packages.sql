-- name: list_packages
-- What was last said of each package, in the order of what was first said.
SELECT package, (array_agg(reason ORDER BY seq DESC))[1] AS reason FROM (
    SELECT seq, added.package, '' AS reason
    FROM events, jsonb_array_elements_text(detail -> 'packages') AS added (package)
    WHERE task_id = %(task_id)s AND kind = 'packages_added'
    UNION ALL
    SELECT seq, refused.one ->> 'package', refused.one ->> 'reason'
    FROM events, jsonb_array_elements(detail -> 'refused') AS refused (one)
    WHERE task_id = %(task_id)s AND kind = 'packages_refused'
) AS said
GROUP BY package ORDER BY min(seq), package;
