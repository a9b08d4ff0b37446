-- Who was held up by each stall: tasks of the same loop that could have run while it ran.
CREATE VIEW stall_victims AS
SELECT
    -- The stall.
    s.stall_id AS stall_id,
    -- The task that was held up.
    t.task_id AS task_id,
    -- That task: #3 "main".
    l.label AS task_text,
    -- How that is known: not_begun (it was created, and began only after the stall), cancelled (its cancellation was asked for
    -- before the stall ended, and reached it only after that), ready (the board says that it waited for its turn).
    CASE
        WHEN t.started_ns IS NULL OR t.started_ns >= s.ended_ns THEN 'not_begun'
        WHEN c.delivered_ns IS NOT NULL THEN 'cancelled'
        ELSE 'ready'
    END AS how,
    -- For how long of the stall it was.
    s.ended_ns - max(s.began_ns, CASE
        WHEN t.started_ns IS NULL OR t.started_ns >= s.ended_ns THEN t.created_ns
        WHEN c.delivered_ns IS NOT NULL THEN c.requested_ns
        ELSE b.since_ns
    END) AS held_up_ns
FROM stalls AS s
-- Who may have lived when it ended: each of the others would be looked at for each stall.
CROSS JOIN task_ranges AS r ON coalesce(r.created_first_ns < s.ended_ns, 1) AND coalesce(r.ended_last_ns >= s.ended_ns, 1)
-- The sign keeps SQLite from making an index of all tasks.
CROSS JOIN task AS t ON t.task_id BETWEEN r.first_task_id AND r.last_task_id AND +t.loop_id = s.loop_id
    AND t.task_id >> 40 = s.process_id AND t.task_id IS NOT s.task_id
    AND t.created_ns < s.ended_ns
    AND (t.ended_ns IS NULL OR t.ended_ns >= s.ended_ns) AND (t.abandoned_ns IS NULL OR t.abandoned_ns >= s.ended_ns)
JOIN task_labels AS l ON l.task_id = t.task_id
LEFT JOIN board AS b ON b.task_id = t.task_id AND b.state = 1 AND b.since_ns < s.ended_ns
LEFT JOIN (
    SELECT a.task_id AS task_id, a.requested_ns AS requested_ns, min(e.happened_ns) AS delivered_ns
    FROM cancellation AS a JOIN cancellation_effect AS e ON e.task_id = a.task_id AND e.what = 'delivered'
        AND e.happened_ns >= a.requested_ns
    WHERE a.is_accepted GROUP BY a.cancellation_id
) AS c ON c.task_id = t.task_id AND c.requested_ns < s.ended_ns AND c.delivered_ns >= s.ended_ns
WHERE (t.started_ns IS NULL AND t.ended_ns IS NULL) OR t.started_ns >= s.ended_ns OR c.delivered_ns IS NOT NULL
    OR b.task_id IS NOT NULL
GROUP BY s.stall_id, t.task_id;
