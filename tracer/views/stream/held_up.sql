-- Who was held up by each stall, as stall_victims, and also those of whom their steps tell that they were ready while it ran, for a
-- millisecond at least: what a step wakes at its end is not held up by it.
CREATE VIEW held_up AS
SELECT
    -- The stall.
    v.stall_id AS stall_id,
    -- The task that was held up.
    v.task_id AS task_id,
    -- That task: #3 "main".
    v.task_text AS task_text,
    -- How that is known: not_begun, cancelled, ready, as in stall_victims.
    v.how AS how,
    -- For how long of the stall it was.
    v.held_up_ns AS held_up_ns
FROM stall_victims AS v
UNION ALL
SELECT s.stall_id, p.task_id, (SELECT l.label FROM task_labels AS l WHERE l.task_id = p.task_id), 'ready',
    min(s.ended_ns, coalesce(p.until_ns, s.ended_ns)) - max(s.began_ns, p.from_ns)
FROM phases AS p
CROSS JOIN stalls AS s ON p.state = 'ready' AND p.from_ns < s.ended_ns - 1000000 AND coalesce(p.until_ns >= s.ended_ns, 1)
    AND p.task_id IS NOT s.task_id
JOIN task AS t ON t.task_id = p.task_id AND t.loop_id = s.loop_id AND t.task_id >> 40 = s.process_id
WHERE NOT EXISTS (SELECT 1 FROM stall_victims AS v WHERE v.stall_id = s.stall_id AND v.task_id = p.task_id);
