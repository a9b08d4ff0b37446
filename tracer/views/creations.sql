-- Which task created which: the tree of tasks.
CREATE VIEW creations AS
SELECT
    -- The task that was created.
    t.task_id AS task_id,
    -- The task that created it; NULL when something else did, or when nothing is known of that task.
    p.task_id AS parent_id,
    -- When.
    t.created_ns AS created_ns
FROM task AS t
-- Ids are counted upwards: who created a task is older. So there are no circles, whatever a store says.
LEFT JOIN task AS p ON t.parent_kind = 1 AND p.task_id = t.parent_id AND p.task_id < t.task_id;
