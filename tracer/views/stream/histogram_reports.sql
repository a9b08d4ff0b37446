-- The rows of histograms, told in one pass over all tasks by the function life_classes(), which copies none of them: for very many.
CREATE VIEW histogram_reports AS
WITH RECURSIVE
    bound (number, from_ns, to_ns) AS MATERIALIZED (
        SELECT 0, 0, 1000
        UNION ALL
        -- 1, 2, 5 us; 10, 20, 50 us ... up to 500 s, and what is longer.
        SELECT number + 1, to_ns, CASE number % 3 WHEN 0 THEN to_ns * 2 WHEN 1 THEN to_ns / 2 * 5 ELSE to_ns * 2 END
        FROM bound WHERE number < 27
    ),
    class AS MATERIALIZED (
        SELECT g.value ->> 0 AS task_id, g.value ->> 1 AS what, g.value ->> 2 AS number, g.value ->> 3 AS count
        FROM json_each((
            SELECT life_classes(coalesce(t.coroutine, 'unknown'), t.task_id, t.outcome, t.ended_ns - t.created_ns, t.started_ns - t.created_ns)
            FROM tasks AS t)) AS g
    ),
    span AS MATERIALIZED (
        SELECT task_id, what, min(number) AS first, max(number) AS last, max(count) AS most, sum(count) AS total
        FROM class GROUP BY 1, 2
    )
SELECT
    -- All columns are those of histograms, which see.
    (SELECT coalesce(x.coroutine, 'unknown') FROM tasks AS x WHERE x.task_id = s.task_id) AS coroutine,
    iif(s.what = 0, 'duration', 'latency') AS what,
    b.from_ns AS from_ns,
    nullif(b.to_ns, (SELECT max(x.to_ns) FROM bound AS x)) AS to_ns,
    coalesce(c.count, 0) AS count,
    round(coalesce(c.count, 0) * 100.0 / s.total, 1) AS share,
    CAST(round(coalesce(c.count, 0) * 100.0 / s.most) AS INTEGER) AS height
FROM span AS s
JOIN bound AS b ON b.number BETWEEN s.first AND s.last
LEFT JOIN class AS c ON c.task_id = s.task_id AND c.what = s.what AND c.number = b.number;
