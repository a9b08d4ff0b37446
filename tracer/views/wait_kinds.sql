-- What a task can wait for, by kind, and how that is said: lock #9, recv on descriptor 7, a file. Of objects that have words of their own:
-- wait_objects.
CREATE VIEW wait_kinds AS
SELECT
    -- The kind, as the board has it.
    w.number AS number,
    -- The same as other views have it: sleep, task, recv, queue_get ...
    w.word AS wait_kind,
    -- How it is said.
    CASE w.number
        WHEN 9 THEN 'several futures'
        WHEN 11 THEN 'the next of several futures'
        WHEN 12 THEN 'task group'
        WHEN 18 THEN 'an item of queue'
        WHEN 19 THEN 'room in queue'
        WHEN 20 THEN 'work on a thread,'
        WHEN 21 THEN 'all items done of queue'
        WHEN 33 THEN 'turn to write'
        WHEN 40 THEN 'a file'
        WHEN 44 THEN 'a file to change'
        ELSE w.word
    END AS text,
    -- What stands between that and the object; NULL: no object is said.
    CASE
        WHEN w.number IN (1, 9, 11, 32, 40, 44) THEN NULL
        WHEN w.number BETWEEN 5 AND 8 OR w.number BETWEEN 30 AND 33 THEN ' on descriptor '
        ELSE ' '
    END AS before_object,
    -- 1 when the object is an id, to be printed as #17 or p1#17; 0 when it is the number of a descriptor, a process or a signal.
    w.number BETWEEN 2 AND 4 OR w.number BETWEEN 9 AND 21 AS is_id
FROM word AS w
WHERE w.enumeration = 'wait_kind' AND w.number > 0;
