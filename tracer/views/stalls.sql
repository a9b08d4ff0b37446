-- Every step and callback that ran so long that it held up its loop: whose, for how long, where.
CREATE VIEW stalls AS
SELECT
    -- The stall.
    s.stall_id AS stall_id,
    -- Its process.
    s.thread_id >> 40 AS process_id,
    -- The thread that ran it.
    s.thread_id AS thread_id,
    -- The loop that could run nothing else.
    s.loop_id AS loop_id,
    -- What ran: task, callback, signal.
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'actor' AND w.number = s.by) AS by,
    -- The task, when it was one.
    CASE WHEN s.by = 1 THEN s.by_id END AS task_id,
    -- Who it was, in words: #3 "main", f() for a callback, signal SIGTERM.
    CASE s.by
        WHEN 1 THEN coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = s.by_id),
            iif(s.by_id >> 40 = 0, '#', 'p' || (s.by_id >> 40) || '#') || (s.by_id & 1099511627775))
        WHEN 3 THEN 'signal ' || coalesce(
            (SELECT w.word FROM word AS w WHERE w.enumeration = 'signal' AND w.number = s.by_id), s.by_id)
        ELSE coalesce((SELECT i.text FROM site AS i WHERE i.site_id = s.site_id) || '()', 'a callback')
    END AS by_text,
    -- From when until when.
    s.ended_ns - s.duration_ns AS began_ns,
    s.ended_ns AS ended_ns,
    s.duration_ns AS duration_ns,
    -- Where the task went on, or was created, if it never suspended before; where the callback was registered:
    -- "FILE:LINE in FUNCTION".
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = s.site_id) AS from_at,
    -- Where the task suspended again; NULL when it ended, and for callbacks.
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = s.end_site_id) AS to_at
FROM stall AS s;
