-- Every time that somebody read a failure: who, by which call, where, and whether it was user code.
CREATE VIEW touches AS
SELECT
    -- The failure.
    u.failure_id AS failure_id,
    -- When it was read.
    u.touched_ns AS touched_ns,
    -- What kind of code read it: main, task, callback, signal, thread, gather, runner, handler ...
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'actor' AND w.number = u.by) AS by,
    -- Who it was, in words: #3 "main", gather #5, signal SIGTERM, callback.
    CASE
        WHEN u.by = 0 THEN 'main program'
        WHEN u.by IN (1, 5, 7, 9, 10) THEN CASE u.by WHEN 5 THEN 'gather ' WHEN 7 THEN 'awaiter ' WHEN 9 THEN 'timeout '
            WHEN 10 THEN 'task group ' ELSE '' END || coalesce(
            (SELECT l.label FROM task_labels AS l WHERE l.task_id = u.by_id),
            iif(u.by_id >> 40 = 0, '#', 'p' || (u.by_id >> 40) || '#') || (u.by_id & 1099511627775), 'unknown')
        WHEN u.by = 3 THEN 'signal ' || coalesce(
            (SELECT w.word FROM word AS w WHERE w.enumeration = 'signal' AND w.number = u.by_id), u.by_id)
        WHEN u.by = 4 THEN 'thread ' || u.by_id
        ELSE (SELECT w.word FROM word AS w WHERE w.enumeration = 'actor' AND w.number = u.by)
    END AS by_text,
    -- By which call: await, result, exception, slot, gather, wait, shield, group ...
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'touch_how' AND w.number = u.how) AS how,
    -- 1 when user code received it, 0 when only the library saw it.
    u.is_user AS is_user,
    -- Where: "FILE:LINE in FUNCTION".
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = u.site_id) AS place,
    -- Its number in its thread, which orders what has one time.
    u.sequence AS sequence
FROM touch AS u;
