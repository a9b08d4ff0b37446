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
    -- From when on it may have ended, because events are not there; NULL: until_ns is known, or it had not ended.
    CASE p.part WHEN 1 THEN NULL WHEN 2 THEN iif(s.ended_ns IS NULL, s.dark_ns, NULL) ELSE iif(s.wait_ended_ns IS NULL, s.dark_ns, NULL) END
        AS dark_ns,
    -- What it waited for: a word of wait_kind, and the id, descriptor or number that goes with it.
    CASE WHEN p.part = 3 THEN s.wait_kind END AS wait_kind,
    CASE WHEN p.part = 3 THEN s.wait_object END AS wait_object,
    -- The same in words, those of tasks.wait_text: sleep, task #4 "x", gather #6, recv on descriptor 7, an item of queue #5. How many
    -- tasks of a group were pending then is not told.
    CASE
        WHEN p.part <> 3 THEN NULL
        ELSE CASE s.wait_kind
            WHEN 'task' THEN 'task ' || coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = s.wait_object),
                iif(s.wait_object >> 40 = 0, '#', 'p' || (s.wait_object >> 40) || '#') || (s.wait_object & 1099511627775))
            WHEN 'wait' THEN coalesce((SELECT a.text || ' (' || replace(a.until, '_', ' ') || ')' FROM waits AS a
                WHERE a.wait_id = s.wait_object), 'several futures')
            WHEN 'as_completed' THEN 'the next of '
                || coalesce((SELECT a.text FROM waits AS a WHERE a.wait_id = s.wait_object), 'several futures')
            WHEN 'shield' THEN 'shield ' || coalesce(
                (SELECT 'of ' || coalesce('task ' || (SELECT l.label FROM task_labels AS l WHERE l.task_id = h.inner_id),
                    'future ' || iif(h.inner_id >> 40 = 0, '#', 'p' || (h.inner_id >> 40) || '#') || (h.inner_id & 1099511627775))
                 FROM shield AS h WHERE h.shield_id = s.wait_object),
                iif(s.wait_object >> 40 = 0, '#', 'p' || (s.wait_object >> 40) || '#') || (s.wait_object & 1099511627775))
            WHEN 'signal' THEN 'signal ' || coalesce((SELECT w.word FROM word AS w
                WHERE w.enumeration = 'signal' AND w.number = s.wait_object), s.wait_object)
            WHEN 'process' THEN 'process ' || s.wait_object
            WHEN 'sleep' THEN 'sleep'
            WHEN 'resolve' THEN 'resolve'
            WHEN 'file' THEN 'a file'
            WHEN 'file_change' THEN 'a file to change'
            ELSE CASE
                WHEN s.wait_kind IN ('future', 'gather', 'group', 'lock', 'event', 'condition', 'semaphore', 'barrier', 'queue_get',
                    'queue_put', 'queue_join', 'thread')
                    THEN CASE s.wait_kind WHEN 'group' THEN 'task group' WHEN 'queue_get' THEN 'an item of queue'
                        WHEN 'queue_put' THEN 'room in queue' WHEN 'queue_join' THEN 'all items done of queue'
                        WHEN 'thread' THEN 'work on a thread,' ELSE s.wait_kind END || ' '
                        || iif(s.wait_object >> 40 = 0, '#', 'p' || (s.wait_object >> 40) || '#') || (s.wait_object & 1099511627775)
                ELSE coalesce(iif(s.wait_kind = 'write_turn', 'turn to write', s.wait_kind)
                    || coalesce(' on descriptor ' || s.wait_object, ''), 'something')
            END
        END
    END AS wait_text,
    -- Where: "FILE:LINE in FUNCTION".
    CASE WHEN p.part = 3 THEN (SELECT pl.place FROM places AS pl WHERE pl.site_id = s.wait_site_id) END AS wait_at
FROM steps AS s
-- Each step once, whatever is asked.
CROSS JOIN (SELECT 1 AS part UNION ALL SELECT 2 UNION ALL SELECT 3) AS p
WHERE CASE p.part WHEN 1 THEN s.ready_ns IS NOT NULL WHEN 2 THEN s.began_ns IS NOT NULL
    ELSE s.ended_ns IS NOT NULL AND s.ending = 'waiting' END;
