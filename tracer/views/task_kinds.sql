-- Tasks of one kind together: created by one function, to run one function. Lines do not count, so that kinds of two versions of a
-- program can be compared. Percentiles are exact, nearest rank, of those that returned, failed or were cancelled.
CREATE VIEW task_kinds AS
WITH
    life AS MATERIALIZED (
        SELECT
            coalesce(t.coroutine, 'unknown') || '() created in ' || coalesce(t.created_func || ' of ' || t.created_file, 'an unknown place')
                AS kind,
            t.coroutine AS coroutine, t.created_file AS created_file, t.created_func AS created_func, t.outcome AS outcome,
            CASE WHEN t.outcome IN ('returned', 'failed', 'cancelled') THEN max(0, t.ended_ns - t.created_ns) END AS duration_ns
        FROM tasks AS t
    ),
    ranked AS (
        SELECT kind, duration_ns, row_number() OVER (PARTITION BY kind ORDER BY duration_ns) AS rank,
            count(*) OVER (PARTITION BY kind) AS count
        FROM life WHERE duration_ns IS NOT NULL
    ),
    duration AS MATERIALIZED (
        SELECT kind, min(CASE WHEN rank * 100 >= count * 50 THEN duration_ns END) AS p50_ns,
            min(CASE WHEN rank * 100 >= count * 99 THEN duration_ns END) AS p99_ns
        FROM ranked GROUP BY kind
    )
SELECT
    -- What they have in common: "echo() created in serve of echo_server.c".
    l.kind AS kind,
    -- Of that, the function that they run, the file and the function that created them.
    l.coroutine AS coroutine,
    l.created_file AS created_file,
    l.created_func AS created_func,
    -- How many there are, and how they ended; the words are those of tasks.outcome.
    count(*) AS task_count,
    sum(l.outcome = 'returned') AS returned_count,
    sum(l.outcome = 'failed') AS failed_count,
    sum(l.outcome = 'cancelled') AS cancelled_count,
    sum(l.outcome = 'abandoned') AS abandoned_count,
    sum(l.outcome = 'pending') AS pending_count,
    sum(l.outcome = 'unknown') AS unknown_count,
    -- From creation to end.
    d.p50_ns AS duration_p50_ns,
    d.p99_ns AS duration_p99_ns
FROM life AS l LEFT JOIN duration AS d ON d.kind = l.kind
GROUP BY l.kind;
