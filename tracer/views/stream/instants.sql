-- What each task that was traced step by step did at one instant: the row of phases that it falls into. To be asked with WHERE at_ns =
-- some time; without it nothing is told.
CREATE VIEW instants AS
SELECT
    -- The instant.
    i.at_ns AS at_ns,
    -- The task.
    i.task_id AS task_id,
    -- ready (it could have run and waited for its turn), running, waiting; unknown: events of then are missing.
    i.state AS state,
    -- Since when.
    i.from_ns AS from_ns,
    -- What it waited for: a word of wait_kind, and the id, descriptor or number that goes with it.
    i.wait_kind AS wait_kind,
    i.wait_object AS wait_object,
    -- The same in words, those of tasks.wait_text: sleep, task #4 "x", gather #6, recv on descriptor 7, an item of queue #5. How many
    -- tasks of a group were pending then is not told.
    CASE
        WHEN i.state <> 'waiting' THEN NULL
        ELSE CASE i.wait_kind
            WHEN 'task' THEN 'task ' || coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = i.wait_object),
                iif(i.wait_object >> 40 = 0, '#', 'p' || (i.wait_object >> 40) || '#') || (i.wait_object & 1099511627775))
            WHEN 'wait' THEN coalesce((SELECT a.text || ' (' || replace(a.until, '_', ' ') || ')' FROM waits AS a
                WHERE a.wait_id = i.wait_object), 'several futures')
            WHEN 'as_completed' THEN 'the next of '
                || coalesce((SELECT a.text FROM waits AS a WHERE a.wait_id = i.wait_object), 'several futures')
            WHEN 'shield' THEN 'shield ' || coalesce(
                (SELECT 'of ' || coalesce('task ' || (SELECT l.label FROM task_labels AS l WHERE l.task_id = h.inner_id),
                    'future ' || iif(h.inner_id >> 40 = 0, '#', 'p' || (h.inner_id >> 40) || '#') || (h.inner_id & 1099511627775))
                 FROM shield AS h WHERE h.shield_id = i.wait_object),
                iif(i.wait_object >> 40 = 0, '#', 'p' || (i.wait_object >> 40) || '#') || (i.wait_object & 1099511627775))
            WHEN 'signal' THEN 'signal ' || coalesce((SELECT w.word FROM word AS w
                WHERE w.enumeration = 'signal' AND w.number = i.wait_object), i.wait_object)
            WHEN 'process' THEN 'process ' || i.wait_object
            WHEN 'sleep' THEN 'sleep'
            WHEN 'resolve' THEN 'resolve'
            WHEN 'file' THEN 'a file'
            WHEN 'file_change' THEN 'a file to change'
            ELSE CASE
                WHEN i.wait_kind IN ('future', 'gather', 'group', 'lock', 'event', 'condition', 'semaphore', 'barrier', 'queue_get',
                    'queue_put', 'queue_join', 'thread')
                    THEN CASE i.wait_kind WHEN 'group' THEN 'task group' WHEN 'queue_get' THEN 'an item of queue'
                        WHEN 'queue_put' THEN 'room in queue' WHEN 'queue_join' THEN 'all items done of queue'
                        WHEN 'thread' THEN 'work on a thread,' ELSE i.wait_kind END || ' '
                        || iif(i.wait_object >> 40 = 0, '#', 'p' || (i.wait_object >> 40) || '#') || (i.wait_object & 1099511627775)
                ELSE coalesce(iif(i.wait_kind = 'write_turn', 'turn to write', i.wait_kind)
                    || coalesce(' on descriptor ' || i.wait_object, ''), 'something')
            END
        END
    END AS wait_text,
    -- Where: "FILE:LINE in FUNCTION".
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = i.wait_site_id) AS wait_at
FROM instant AS i;
