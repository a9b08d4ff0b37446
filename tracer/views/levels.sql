-- How many there were, from when on: tasks alive, failures unseen. One row for each instant at which a number changed. Of tasks of which
-- events are missing (view losses) it does not know all: one whose creation was lost is not counted, one whose end was lost is counted on.
CREATE VIEW levels AS
WITH change (process_id, what, ns, by) AS (
    SELECT t.task_id >> 40, 'tasks alive', coalesce(t.created_ns, t.started_ns), 1 FROM task AS t
    UNION ALL
    SELECT t.task_id >> 40, 'tasks alive', coalesce(t.ended_ns, t.abandoned_ns), -1 FROM task AS t
    WHERE t.created_ns IS NOT NULL OR t.started_ns IS NOT NULL
    UNION ALL
    -- Seen by user code, gone, or its process is: whichever was first.
    SELECT f.process_id, 'failures unseen', f.stored_ns, 1 FROM failures AS f
    UNION ALL
    SELECT f.process_id, 'failures unseen', f.stored_ns + f.unread_ns, -1 FROM failures AS f
    WHERE f.state NOT IN ('held', 'unknown') OR f.user_touch_count > 0
)
SELECT
    -- The process.
    s.process_id AS process_id,
    -- Of what: 'tasks alive', 'failures unseen' (nobody has looked at them yet).
    s.what AS what,
    -- From when on.
    s.ns AS ns,
    -- How many.
    sum(s.by) OVER (PARTITION BY s.process_id, s.what ORDER BY s.ns) AS level
FROM (SELECT c.process_id, c.what, c.ns, sum(c.by) AS by FROM change AS c WHERE c.ns IS NOT NULL
    GROUP BY c.process_id, c.what, c.ns) AS s
WHERE s.by <> 0;
