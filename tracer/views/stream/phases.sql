-- What each task that was traced step by step did when: one row for each time in which it was ready, running or waiting.
CREATE VIEW phases AS
-- Looked into by the word, of which there is no index; this way SQLite makes one.
WITH kind AS MATERIALIZED (SELECT * FROM wait_kinds)
SELECT
    -- The task.
    s.task_id AS task_id,
    -- Its step: a task is ready for it, runs in it, and waits after it. NULL when its beginning is missing.
    s.step_number AS step_number,
    -- ready (it could have run and waited for its turn), running, waiting.
    CASE p.part WHEN 1 THEN 'ready' WHEN 2 THEN 'running' ELSE 'waiting' END AS state,
    -- From when.
    CASE p.part WHEN 1 THEN s.ready_ns WHEN 2 THEN s.began_ns ELSE s.ended_ns END AS from_ns,
    -- Until when; NULL when it had not ended as far as is known.
    CASE p.part WHEN 1 THEN s.began_ns WHEN 2 THEN s.ended_ns ELSE s.wait_ended_ns END AS until_ns,
    -- From when on it may have ended, because events are not there; NULL: until_ns is known, or it had not ended.
    CASE p.part WHEN 1 THEN NULL WHEN 2 THEN iif(s.ended_ns IS NULL, s.dark_ns, NULL) ELSE iif(s.wait_ended_ns IS NULL, s.dark_ns, NULL) END
        AS dark_ns,
    -- What it waited for: a word of wait_kind, and the id, descriptor or number that goes with it.
    CASE WHEN p.part = 3 THEN s.wait_kind END AS wait_kind,
    CASE WHEN p.part = 3 THEN s.wait_object END AS wait_object,
    -- The same in words, those of tasks.wait_text: sleep, task #4 "x", gather #6, recv on descriptor 7, an item of queue #5. How many
    -- tasks of a group were pending then is not told.
    CASE WHEN p.part = 3 THEN coalesce((SELECT coalesce(
            (SELECT o.text FROM wait_objects AS o WHERE o.wait_kind = k.wait_kind AND o.object_id = s.wait_object),
            k.text || coalesce(k.before_object || iif(k.is_id,
                iif(s.wait_object >> 40 = 0, '#', 'p' || (s.wait_object >> 40) || '#') || (s.wait_object & 1099511627775),
                s.wait_object), ''))
            FROM kind AS k WHERE k.wait_kind = s.wait_kind), 'something') END AS wait_text,
    -- Where: "FILE:LINE in FUNCTION".
    CASE WHEN p.part = 3 THEN (SELECT pl.place FROM places AS pl WHERE pl.site_id = s.wait_site_id) END AS wait_at
FROM steps AS s
-- Each step once, whatever is asked.
CROSS JOIN (SELECT 1 AS part UNION ALL SELECT 2 UNION ALL SELECT 3) AS p
WHERE CASE p.part WHEN 1 THEN s.ready_ns IS NOT NULL WHEN 2 THEN s.began_ns IS NOT NULL
    ELSE s.ended_ns IS NOT NULL AND s.ending = 'waiting' END;
