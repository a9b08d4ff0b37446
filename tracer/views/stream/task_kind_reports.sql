-- The rows of task_kinds, told in one pass over all tasks by the function life_figures(), which sorts nothing: for very many.
CREATE VIEW task_kind_reports AS
WITH figures AS MATERIALIZED (
    SELECT g.value ->> 0 AS task_id,
        g.value ->> 1 AS task_count, g.value ->> 2 AS returned_count, g.value ->> 3 AS failed_count, g.value ->> 4 AS cancelled_count,
        g.value ->> 5 AS abandoned_count, g.value ->> 6 AS pending_count, g.value ->> 7 AS unknown_count,
        g.value ->> 8 AS duration_p50_ns, g.value ->> 10 AS duration_p99_ns
    FROM json_each((
        SELECT life_figures(coalesce((SELECT coalesce(s.text, 'unknown') || '() created in ' || coalesce(s.func || ' of ' || s.file,
                'an unknown place') FROM site AS s WHERE s.site_id = l.created_site_id), 'unknown() created in an unknown place'),
            t.task_id, t.outcome, max(0, t.ended_ns - t.created_ns), NULL, NULL, NULL, NULL, NULL)
        FROM tasks AS t JOIN lifetimes AS l ON l.task_id = t.task_id)) AS g
)
SELECT
    -- All columns are those of task_kinds, which see; of one kind, the function, file and function of one of its tasks.
    coalesce(t.coroutine, 'unknown') || '() created in ' || coalesce(t.created_func || ' of ' || t.created_file, 'an unknown place') AS kind,
    t.coroutine AS coroutine,
    t.created_file AS created_file,
    t.created_func AS created_func,
    f.task_count AS task_count,
    f.returned_count AS returned_count,
    f.failed_count AS failed_count,
    f.cancelled_count AS cancelled_count,
    f.abandoned_count AS abandoned_count,
    f.pending_count AS pending_count,
    f.unknown_count AS unknown_count,
    f.duration_p50_ns AS duration_p50_ns,
    f.duration_p99_ns AS duration_p99_ns
FROM figures AS f CROSS JOIN tasks AS t ON t.task_id = f.task_id;
