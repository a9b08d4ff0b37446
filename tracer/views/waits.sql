-- Every wait for several futures: who waits, for how many, and what ends it.
CREATE VIEW waits AS
SELECT
    -- The wait, or the iterator of as_completed.
    a.wait_id AS wait_id,
    -- Who waits: the task, when it is one.
    CASE WHEN a.by = 1 THEN a.by_id END AS task_id,
    -- When it began.
    a.started_ns AS started_ns,
    -- Where: "FILE:LINE in FUNCTION".
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = a.started_site_id) AS started_at,
    -- What ends it: all_completed, first_completed, first_exception; as_completed: each of them in turn.
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'wait_until' AND w.number = a.until) AS until,
    -- For how many futures, each counted once.
    a.child_count AS child_count,
    -- The same in words: 3 tasks, 1 future.
    a.child_count || iif(a.is_for_tasks, ' task', ' future') || iif(a.child_count = 1, '', 's') AS text,
    -- After how many nanoseconds it ends in any case; NULL when there is no such limit.
    a.timeout_ns AS timeout_ns
FROM wait AS a;
