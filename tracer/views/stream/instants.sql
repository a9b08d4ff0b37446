-- What each task that was traced step by step did at one instant: the row of phases that it falls into. To be asked with WHERE at_ns =
-- some time; without it nothing is told.
CREATE VIEW instants AS
-- Looked into by the word, of which there is no index; this way SQLite makes one.
WITH kind AS MATERIALIZED (SELECT * FROM wait_kinds)
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
    CASE WHEN i.state = 'waiting' THEN coalesce((SELECT coalesce(
            (SELECT o.text FROM wait_objects AS o WHERE o.wait_kind = k.wait_kind AND o.object_id = i.wait_object),
            k.text || coalesce(k.before_object || iif(k.is_id,
                iif(i.wait_object >> 40 = 0, '#', 'p' || (i.wait_object >> 40) || '#') || (i.wait_object & 1099511627775),
                i.wait_object), ''))
            FROM kind AS k WHERE k.wait_kind = i.wait_kind), 'something') END AS wait_text,
    -- Where: "FILE:LINE in FUNCTION".
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = i.wait_site_id) AS wait_at
FROM instant AS i;
