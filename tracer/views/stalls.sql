-- Every step and callback that ran so long that it held up its loop: whose, for how long, where. Also steps that are not over.
CREATE VIEW stalls AS
SELECT
    -- The stall; of a step that is not over the number of its task, and a minus.
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
    -- From when until when, or until when it is known to have gone on.
    s.ended_ns - s.duration_ns AS began_ns,
    s.ended_ns AS ended_ns,
    s.duration_ns AS duration_ns,
    -- Where the task went on, or was created, if it never suspended before; where the callback was registered:
    -- "FILE:LINE in FUNCTION".
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = s.site_id) AS from_at,
    -- Where the task suspended again; NULL when it ended, and for callbacks.
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = s.end_site_id) AS to_at,
    -- 1 when it has ended; 0 when it goes on, or went on until its process's end.
    1 AS is_over
FROM stall AS s
UNION ALL
-- Steps that the board, when it was read last, said to go on; or, at the end of the process, that were never over.
SELECT -r.task_id, r.process_id, r.thread_id, r.loop_id, 'task', r.task_id,
    coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = r.task_id),
        iif(r.task_id >> 40 = 0, '#', 'p' || (r.task_id >> 40) || '#') || (r.task_id & 1099511627775)),
    r.since_ns, r.until_ns, r.until_ns - r.since_ns, NULL, NULL, 0
FROM (
    SELECT f.task_id AS task_id, p.process_id AS process_id, o.thread_id AS thread_id, f.loop_id AS loop_id, f.since_ns AS since_ns,
        coalesce(p.goodbye_ns, p.gone_ns, p.board_ns) AS until_ns
    FROM task_facts AS f JOIN process AS p ON p.process_id = f.task_id >> 40 LEFT JOIN loop AS o ON o.loop_id = f.loop_id
    WHERE f.task_id IN (SELECT a.task_id FROM task AS a WHERE a.outcome IS NULL) AND f.board_state = 2 AND p.board_ns NOT NULL
) AS r
WHERE r.until_ns - r.since_ns >= 1000000;
