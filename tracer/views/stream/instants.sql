-- What each task that was traced step by step did at one instant: the row of phases that it falls into. To be asked with WHERE at_ns =
-- some time; without it nothing is told.
CREATE VIEW instants AS
SELECT
    -- The instant.
    i.at_ns AS at_ns,
    -- The task.
    i.task_id AS task_id,
    -- ready (it could have run and waited for its turn), running, waiting.
    i.state AS state,
    -- Since when.
    i.from_ns AS from_ns,
    -- What it waited for: a word of wait_kind, and the id, descriptor or number that goes with it.
    i.wait_kind AS wait_kind,
    i.wait_object AS wait_object,
    -- The same in words: sleep, task #4 "x", gather #6, recv on descriptor 7.
    CASE
        WHEN i.state <> 'waiting' THEN NULL
        WHEN i.wait_kind = 'task' THEN 'task ' || coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = i.wait_object),
            iif(i.wait_object >> 40 = 0, '#', 'p' || (i.wait_object >> 40) || '#') || (i.wait_object & 1099511627775))
        WHEN i.wait_kind IN ('future', 'gather', 'wait', 'shield', 'as_completed', 'group', 'lock', 'event', 'condition', 'semaphore',
            'barrier', 'queue_get', 'queue_put', 'queue_join', 'thread') THEN replace(i.wait_kind, '_', ' ') || ' '
            || iif(i.wait_object >> 40 = 0, '#', 'p' || (i.wait_object >> 40) || '#') || (i.wait_object & 1099511627775)
        WHEN i.wait_kind IN ('sleep', 'file', 'resolve') THEN i.wait_kind
        WHEN i.wait_kind = 'signal' THEN 'signal ' || coalesce((SELECT w.word FROM word AS w
            WHERE w.enumeration = 'signal' AND w.number = i.wait_object), i.wait_object)
        WHEN i.wait_kind = 'process' THEN 'process ' || i.wait_object
        ELSE coalesce(replace(i.wait_kind, '_', ' ') || coalesce(' on descriptor ' || i.wait_object, ''), 'something')
    END AS wait_text,
    -- Where: "FILE:LINE in FUNCTION".
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = i.wait_site_id) AS wait_at
FROM instant AS i;
