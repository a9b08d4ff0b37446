-- Every loop: on which thread it ran, and what became of its tasks.
CREATE VIEW loops AS
SELECT
    -- The loop.
    o.loop_id AS loop_id,
    -- The same for people: #1, in the second process p1#1.
    iif(o.loop_id >> 40 = 0, '#', 'p' || (o.loop_id >> 40) || '#') || (o.loop_id & 1099511627775) AS id_text,
    -- Its process.
    o.loop_id >> 40 AS process_id,
    -- The thread that ran it last, its kernel id and its name; NULL when it never ran.
    o.thread_id AS thread_id,
    (SELECT h.tid FROM thread AS h WHERE h.thread_id = o.thread_id) AS tid,
    (SELECT h.name FROM thread AS h WHERE h.thread_id = o.thread_id) AS thread_name,
    -- created, running, stopped, closed.
    CASE
        WHEN o.closed_ns IS NOT NULL THEN 'closed'
        WHEN o.started_ns IS NULL THEN 'created'
        WHEN o.stopped_ns >= o.started_ns THEN 'stopped'
        ELSE 'running'
    END AS state,
    -- When it was created, last started, last stopped, closed.
    o.created_ns AS created_ns,
    o.started_ns AS started_ns,
    o.stopped_ns AS stopped_ns,
    o.closed_ns AS closed_ns,
    -- Where it was created: "FILE:LINE in FUNCTION".
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = o.created_site_id) AS created_at,
    -- Its tasks, the failures of tasks and futures of its, and the tasks that were pending when it was closed.
    (SELECT count(*) FROM task AS t WHERE t.loop_id = o.loop_id) AS task_count,
    (SELECT count(*) FROM failure AS f WHERE f.loop_id = o.loop_id) AS failure_count,
    o.pending_count AS pending_count
FROM loop AS o;
