-- What tasks can wait for of which more is known than a number: task #4 "x", 3 tasks (first exception), shield of task #4 "x", signal SIGTERM.
CREATE VIEW wait_objects AS
SELECT
    -- The kind of wait: task, wait, as_completed, shield, signal.
    'task' AS wait_kind,
    -- The id or number that goes with it.
    l.task_id AS object_id,
    -- Both in words.
    'task ' || l.label AS text
FROM task_labels AS l
UNION ALL
SELECT 'wait', a.wait_id, a.text || ' (' || replace(a.until, '_', ' ') || ')' FROM waits AS a
UNION ALL
SELECT 'as_completed', a.wait_id, 'the next of ' || a.text FROM waits AS a
UNION ALL
SELECT 'shield', h.shield_id, 'shield of ' || coalesce('task ' || (SELECT l.label FROM task_labels AS l WHERE l.task_id = h.inner_id),
    'future ' || iif(h.inner_id >> 40 = 0, '#', 'p' || (h.inner_id >> 40) || '#') || (h.inner_id & 1099511627775))
FROM shield AS h
UNION ALL
SELECT 'signal', w.number, 'signal ' || w.word FROM word AS w WHERE w.enumeration = 'signal';
