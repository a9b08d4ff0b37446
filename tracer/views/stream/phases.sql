-- What each task that was traced step by step did when: one row for each time in which it was ready, running or waiting.
CREATE VIEW phases AS
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
    -- What it waited for: a word of wait_kind, and the id, descriptor or number that goes with it.
    CASE WHEN p.part = 3 THEN s.wait_kind END AS wait_kind,
    CASE WHEN p.part = 3 THEN s.wait_object END AS wait_object,
    -- The same in words: sleep, task #4 "x", gather #6, recv on descriptor 7.
    CASE
        WHEN p.part <> 3 THEN NULL
        WHEN s.wait_kind = 'task' THEN 'task ' || coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = s.wait_object),
            iif(s.wait_object >> 40 = 0, '#', 'p' || (s.wait_object >> 40) || '#') || (s.wait_object & 1099511627775))
        WHEN s.wait_kind IN ('future', 'gather', 'wait', 'shield', 'as_completed', 'group', 'lock', 'event', 'condition', 'semaphore',
            'barrier', 'queue_get', 'queue_put', 'queue_join', 'thread') THEN replace(s.wait_kind, '_', ' ') || ' '
            || iif(s.wait_object >> 40 = 0, '#', 'p' || (s.wait_object >> 40) || '#') || (s.wait_object & 1099511627775)
        WHEN s.wait_kind IN ('sleep', 'file', 'resolve') THEN s.wait_kind
        WHEN s.wait_kind = 'signal' THEN 'signal ' || coalesce((SELECT w.word FROM word AS w
            WHERE w.enumeration = 'signal' AND w.number = s.wait_object), s.wait_object)
        WHEN s.wait_kind = 'process' THEN 'process ' || s.wait_object
        ELSE coalesce(replace(s.wait_kind, '_', ' ') || coalesce(' on descriptor ' || s.wait_object, ''), 'something')
    END AS wait_text,
    -- Where: "FILE:LINE in FUNCTION".
    CASE WHEN p.part = 3 THEN (SELECT pl.place FROM places AS pl WHERE pl.site_id = s.wait_site_id) END AS wait_at
FROM steps AS s
-- Each step once, whatever is asked.
CROSS JOIN (SELECT 1 AS part UNION ALL SELECT 2 UNION ALL SELECT 3) AS p
WHERE CASE p.part WHEN 1 THEN s.ready_ns IS NOT NULL WHEN 2 THEN s.began_ns IS NOT NULL
    ELSE s.ended_ns IS NOT NULL AND s.ending = 'waiting' END;
