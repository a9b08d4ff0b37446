-- How long tasks lived, and waited for their first step, by the function that they run: how many in each class of a scale of
-- 1, 2, 5, 10 ... Classes between the least and the greatest that have none are there, too.
CREATE VIEW histograms AS
WITH
    bound AS MATERIALIZED (SELECT * FROM histogram_classes),
    value AS MATERIALIZED (
        SELECT coalesce(t.coroutine, 'unknown') AS coroutine, 'duration' AS what, max(0, t.ended_ns - t.created_ns) AS ns
        FROM tasks AS t WHERE t.outcome IN ('returned', 'failed', 'cancelled') AND t.ended_ns >= t.created_ns
        UNION ALL
        SELECT coalesce(t.coroutine, 'unknown'), 'latency', max(0, t.started_ns - t.created_ns)
        FROM tasks AS t WHERE t.started_ns IS NOT NULL AND t.created_ns IS NOT NULL
    ),
    class AS MATERIALIZED (
        SELECT v.coroutine AS coroutine, v.what AS what, b.number AS number, count(*) AS count
        FROM value AS v JOIN bound AS b ON v.ns >= b.from_ns AND (v.ns < b.to_ns OR b.to_ns IS NULL)
        GROUP BY 1, 2, 3
    ),
    span AS MATERIALIZED (
        SELECT coroutine, what, min(number) AS first, max(number) AS last, max(count) AS most, sum(count) AS total
        FROM class GROUP BY 1, 2
    )
SELECT
    -- The function that the tasks run.
    s.coroutine AS coroutine,
    -- What is counted: duration (from creation to end, of those that returned, failed or were cancelled), latency (from
    -- creation to the first step, of those that began).
    s.what AS what,
    -- The class, of histogram_classes: from, and up to but without; the last one has no end (NULL).
    b.from_ns AS from_ns,
    b.to_ns AS to_ns,
    -- How many are in it.
    coalesce(c.count, 0) AS count,
    -- The same in percent of all tasks of that function that count.
    round(coalesce(c.count, 0) * 100.0 / s.total, 1) AS share,
    -- The same in percent of the class that has the most.
    CAST(round(coalesce(c.count, 0) * 100.0 / s.most) AS INTEGER) AS height
FROM span AS s
JOIN bound AS b ON b.number BETWEEN s.first AND s.last
LEFT JOIN class AS c ON c.coroutine = s.coroutine AND c.what = s.what AND c.number = b.number;
