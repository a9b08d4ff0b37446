-- What tasks did at descriptors, to files and with names of hosts. Empty unless the category io was recorded (TELLTALE_EVENTS=all).
CREATE VIEW ios AS
WITH lost AS MATERIALIZED (SELECT d.process_id AS process_id, d.until_ns AS until_ns FROM detail_losses AS d WHERE d.category = 'io')
SELECT
    -- The operation.
    o.io_id AS io_id,
    -- Its process.
    o.io_id >> 40 AS process_id,
    -- The task, and what it is called: #3 "main".
    o.task_id AS task_id,
    coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = o.task_id),
        iif(o.task_id >> 40 = 0, '#', 'p' || (o.task_id >> 40) || '#') || (o.task_id & 1099511627775)) AS task_text,
    -- What it did: read, write, accept, connect, resolve, open ... the words of io_kind.
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'io_kind' AND w.number = o.what) AS what,
    -- The descriptor; of an accept, open or mkstemp that went well the new one; NULL when there is none.
    nullif(o.descriptor, -1) AS descriptor,
    -- The path, "FROM -> TO" of a rename, or the name or address that is looked up; NULL when there is none.
    o.name AS name,
    -- How it ended: done, failed, cancelled; begun: it has not, or its process ended before it did; unknown: events are missing since it
    -- began, lost or switched off.
    coalesce((SELECT w.word FROM word AS w WHERE w.enumeration = 'io_end' AND w.number = o.status),
        iif(EXISTS (SELECT 1 FROM lost AS d WHERE d.process_id = o.io_id >> 40 AND d.until_ns >= o.started_ns), 'unknown', 'begun')) AS state,
    -- From when until when.
    o.started_ns AS began_ns,
    o.finished_ns AS ended_ns,
    o.finished_ns - o.started_ns AS duration_ns,
    -- Bytes asked for, and read or written.
    iif(o.what IN (1, 2, 11), o.size, NULL) AS size,
    iif(o.what IN (1, 2, 11), o.byte_count, NULL) AS byte_count,
    -- The error: a value of errno, or a negative one of getaddrinfo.
    o.error AS error,
    -- Where: "FILE:LINE in FUNCTION".
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = o.site_id) AS at
FROM io AS o;
