-- Who was held up by each stall, as stall_victims, and also those of whom their steps tell that they were ready while it ran, for a
-- millisecond at least: what a step wakes at its end is not held up by it.
CREATE VIEW held_up AS
WITH
    victim AS MATERIALIZED (SELECT * FROM stall_victims),
    -- Who was ready at the end of a stall, and since when. Of few stalls the stream is looked into at the end of each; of many it is
    -- read once.
    ready AS (
        SELECT s.stall_id, s.began_ns, s.ended_ns, i.task_id, i.from_ns
        FROM (SELECT count(*) AS stall_count FROM stalls) AS n CROSS JOIN stalls AS s CROSS JOIN instant AS i ON i.at_ns = s.ended_ns - 1
        JOIN task AS t ON t.task_id = i.task_id AND t.loop_id = s.loop_id AND t.task_id >> 40 = s.process_id
        WHERE n.stall_count <= 20 AND i.state = 'ready' AND i.from_ns < s.ended_ns - 1000000 AND i.task_id IS NOT s.task_id
        UNION ALL
        SELECT s.stall_id, s.began_ns, s.ended_ns, p.task_id, p.ready_ns
        FROM (SELECT count(*) AS stall_count FROM stalls) AS n CROSS JOIN steps AS p
        CROSS JOIN stalls AS s ON p.ready_ns < s.ended_ns - 1000000 AND p.began_ns >= s.ended_ns AND p.task_id IS NOT s.task_id
        JOIN task AS t ON t.task_id = p.task_id AND t.loop_id = s.loop_id AND t.task_id >> 40 = s.process_id
        WHERE n.stall_count > 20
    )
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
FROM victim AS v
UNION ALL
SELECT r.stall_id, r.task_id, (SELECT l.label FROM task_labels AS l WHERE l.task_id = r.task_id), 'ready',
    r.ended_ns - max(r.began_ns, r.from_ns)
FROM ready AS r
WHERE (r.stall_id, r.task_id) NOT IN (SELECT v.stall_id, v.task_id FROM victim AS v);
