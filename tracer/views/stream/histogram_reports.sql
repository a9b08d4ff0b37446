-- The rows of histograms, told in one pass over all tasks by the function life_classes(), which copies none of them: for very many.
CREATE VIEW histogram_reports AS
WITH
    bound AS MATERIALIZED (SELECT * FROM histogram_classes),
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
    b.to_ns AS to_ns,
    coalesce(c.count, 0) AS count,
    round(coalesce(c.count, 0) * 100.0 / s.total, 1) AS share,
    CAST(round(coalesce(c.count, 0) * 100.0 / s.most) AS INTEGER) AS height
FROM span AS s
JOIN bound AS b ON b.number BETWEEN s.first AND s.last
LEFT JOIN class AS c ON c.task_id = s.task_id AND c.what = s.what AND c.number = b.number;
