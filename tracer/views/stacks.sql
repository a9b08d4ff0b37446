-- What has a stack: exceptions, the calls that were open where they were raised; tasks, those where they were created.
CREATE VIEW stacks AS
SELECT
    -- The exception or the task.
    e.exception_id AS object_id,
    -- raised or created.
    'raised' AS stack_of,
    -- The stack; 0: there was no room for it.
    e.stack_id AS stack_id,
    -- How many calls are told.
    s.call_count AS call_count,
    -- 1 when there were more.
    s.is_cut AS is_cut,
    -- The function that raised or created, as its own source says: what is inside of it is the library's.
    (SELECT p.func FROM places AS p WHERE p.site_id = e.raised_site_id) AS func
FROM exception AS e LEFT JOIN stack AS s ON s.stack_id = e.stack_id WHERE e.stack_id IS NOT NULL
UNION ALL
SELECT t.task_id, 'created', t.stack_id, s.call_count, s.is_cut,
    (SELECT p.func FROM places AS p WHERE p.site_id = t.created_site_id)
FROM task AS t LEFT JOIN stack AS s ON s.stack_id = t.stack_id WHERE t.stack_id IS NOT NULL;
