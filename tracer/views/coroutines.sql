-- Tasks by the function that they run: how many there are, how they ended, how long they lived and waited for their first step.
-- Percentiles are exact, nearest rank: the smallest value that so many of a hundred do not exceed.
CREATE VIEW coroutines AS
WITH
    life AS MATERIALIZED (
        SELECT
            t.task_id AS task_id,
            coalesce(t.coroutine, 'unknown') AS coroutine,
            t.outcome AS outcome,
            -- From creation to end; of those that have ended.
            CASE WHEN t.outcome IN ('returned', 'failed', 'cancelled') THEN max(0, t.ended_ns - t.created_ns) END AS duration_ns,
            -- From creation to the first step.
            max(0, t.started_ns - t.created_ns) AS latency_ns,
            t.busy_ns AS busy_ns, t.ready_ns AS ready_ns, t.waiting_ns AS waiting_ns, t.longest_step_ns AS longest_step_ns
        FROM tasks AS t
    ),
    duration AS (
        SELECT coroutine, task_id, duration_ns, row_number() OVER (PARTITION BY coroutine ORDER BY duration_ns, task_id) AS rank,
            count(*) OVER (PARTITION BY coroutine) AS count
        FROM life WHERE duration_ns IS NOT NULL
    ),
    durations AS MATERIALIZED (
        SELECT coroutine, count(*) AS count,
            min(CASE WHEN rank * 100 >= count * 50 THEN duration_ns END) AS p50_ns,
            min(CASE WHEN rank * 100 >= count * 90 THEN duration_ns END) AS p90_ns,
            min(CASE WHEN rank * 100 >= count * 99 THEN duration_ns END) AS p99_ns,
            max(duration_ns) AS max_ns,
            max(CASE WHEN rank = count THEN task_id END) AS max_id
        FROM duration GROUP BY coroutine
    ),
    latency AS (
        SELECT coroutine, task_id, latency_ns, row_number() OVER (PARTITION BY coroutine ORDER BY latency_ns, task_id) AS rank,
            count(*) OVER (PARTITION BY coroutine) AS count
        FROM life WHERE latency_ns IS NOT NULL
    ),
    latencies AS MATERIALIZED (
        SELECT coroutine,
            min(CASE WHEN rank * 100 >= count * 50 THEN latency_ns END) AS p50_ns,
            min(CASE WHEN rank * 100 >= count * 90 THEN latency_ns END) AS p90_ns,
            min(CASE WHEN rank * 100 >= count * 99 THEN latency_ns END) AS p99_ns,
            max(latency_ns) AS max_ns,
            max(CASE WHEN rank = count THEN task_id END) AS max_id
        FROM latency GROUP BY coroutine
    ),
    total AS MATERIALIZED (
        SELECT coroutine, count(*) AS task_count,
            sum(outcome = 'returned') AS returned_count, sum(outcome = 'failed') AS failed_count,
            sum(outcome = 'cancelled') AS cancelled_count, sum(outcome = 'abandoned') AS abandoned_count,
            sum(outcome = 'pending') AS pending_count, sum(outcome = 'unknown') AS unknown_count,
            sum(busy_ns) AS busy_ns, sum(iif(busy_ns IS NULL, NULL, ready_ns)) AS ready_ns,
            sum(iif(busy_ns IS NULL, NULL, waiting_ns)) AS waiting_ns, max(longest_step_ns) AS longest_step_ns
        FROM life GROUP BY coroutine
    )
SELECT
    -- The function that the tasks run; "unknown" when it is not known.
    n.coroutine AS coroutine,
    -- How many tasks run it, and how they ended; the words are those of tasks.outcome.
    n.task_count AS task_count,
    n.returned_count AS returned_count,
    n.failed_count AS failed_count,
    n.cancelled_count AS cancelled_count,
    n.abandoned_count AS abandoned_count,
    n.pending_count AS pending_count,
    n.unknown_count AS unknown_count,
    -- From creation to end, of those that returned, failed or were cancelled: percentiles, the greatest, and whose that is.
    d.p50_ns AS duration_p50_ns,
    d.p90_ns AS duration_p90_ns,
    d.p99_ns AS duration_p99_ns,
    d.max_ns AS duration_max_ns,
    d.max_id AS duration_max_task_id,
    (SELECT l.label FROM task_labels AS l WHERE l.task_id = d.max_id) AS duration_max_task,
    -- From creation to the first step, of those that began: the same.
    a.p50_ns AS latency_p50_ns,
    a.p90_ns AS latency_p90_ns,
    a.p99_ns AS latency_p99_ns,
    a.max_ns AS latency_max_ns,
    a.max_id AS latency_max_task_id,
    (SELECT l.label FROM task_labels AS l WHERE l.task_id = a.max_id) AS latency_max_task,
    -- Time that all of them ran, waited for their turn, were suspended; NULL when it is not known of any.
    n.busy_ns AS busy_ns,
    n.ready_ns AS ready_ns,
    n.waiting_ns AS waiting_ns,
    -- The same in percent of the three together.
    round(n.busy_ns * 100.0 / nullif(n.busy_ns + n.ready_ns + n.waiting_ns, 0), 1) AS busy_share,
    round(n.ready_ns * 100.0 / nullif(n.busy_ns + n.ready_ns + n.waiting_ns, 0), 1) AS ready_share,
    round(n.waiting_ns * 100.0 / nullif(n.busy_ns + n.ready_ns + n.waiting_ns, 0), 1) AS waiting_share,
    -- The longest uninterrupted run of one of them, of those that have ended.
    n.longest_step_ns AS longest_step_ns
FROM total AS n
LEFT JOIN durations AS d ON d.coroutine = n.coroutine
LEFT JOIN latencies AS a ON a.coroutine = n.coroutine;
