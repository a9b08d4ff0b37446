-- The rows of coroutines, told in one pass over all tasks by the function life_figures(), which sorts nothing: for very many.
CREATE VIEW coroutine_reports AS
WITH figures AS MATERIALIZED (
    SELECT g.value ->> 0 AS task_id,
        g.value ->> 1 AS task_count, g.value ->> 2 AS returned_count, g.value ->> 3 AS failed_count, g.value ->> 4 AS cancelled_count,
        g.value ->> 5 AS abandoned_count, g.value ->> 6 AS pending_count, g.value ->> 7 AS unknown_count,
        g.value ->> 8 AS duration_p50_ns, g.value ->> 9 AS duration_p90_ns, g.value ->> 10 AS duration_p99_ns,
        g.value ->> 11 AS duration_max_ns, g.value ->> 12 AS duration_max_id,
        g.value ->> 13 AS latency_p50_ns, g.value ->> 14 AS latency_p90_ns, g.value ->> 15 AS latency_p99_ns,
        g.value ->> 16 AS latency_max_ns, g.value ->> 17 AS latency_max_id,
        g.value ->> 18 AS busy_ns, g.value ->> 19 AS ready_ns, g.value ->> 20 AS waiting_ns, g.value ->> 21 AS longest_step_ns
    FROM json_each((
        SELECT life_figures(coalesce(t.coroutine, 'unknown'), t.task_id, t.outcome, max(0, t.ended_ns - t.created_ns),
            max(0, t.started_ns - t.created_ns), t.busy_ns, t.ready_ns, t.waiting_ns, t.longest_step_ns)
        FROM tasks AS t)) AS g
)
SELECT
    -- All columns are those of coroutines, which see.
    (SELECT coalesce(x.coroutine, 'unknown') FROM tasks AS x WHERE x.task_id = f.task_id) AS coroutine,
    f.task_count AS task_count,
    f.returned_count AS returned_count,
    f.failed_count AS failed_count,
    f.cancelled_count AS cancelled_count,
    f.abandoned_count AS abandoned_count,
    f.pending_count AS pending_count,
    f.unknown_count AS unknown_count,
    f.duration_p50_ns AS duration_p50_ns,
    f.duration_p90_ns AS duration_p90_ns,
    f.duration_p99_ns AS duration_p99_ns,
    f.duration_max_ns AS duration_max_ns,
    f.duration_max_id AS duration_max_task_id,
    (SELECT l.label FROM task_labels AS l WHERE l.task_id = f.duration_max_id) AS duration_max_task,
    f.latency_p50_ns AS latency_p50_ns,
    f.latency_p90_ns AS latency_p90_ns,
    f.latency_p99_ns AS latency_p99_ns,
    f.latency_max_ns AS latency_max_ns,
    f.latency_max_id AS latency_max_task_id,
    (SELECT l.label FROM task_labels AS l WHERE l.task_id = f.latency_max_id) AS latency_max_task,
    f.busy_ns AS busy_ns,
    f.ready_ns AS ready_ns,
    f.waiting_ns AS waiting_ns,
    round(f.busy_ns * 100.0 / nullif(f.busy_ns + f.ready_ns + f.waiting_ns, 0), 1) AS busy_share,
    round(f.ready_ns * 100.0 / nullif(f.busy_ns + f.ready_ns + f.waiting_ns, 0), 1) AS ready_share,
    round(f.waiting_ns * 100.0 / nullif(f.busy_ns + f.ready_ns + f.waiting_ns, 0), 1) AS waiting_share,
    f.longest_step_ns AS longest_step_ns
FROM figures AS f;
