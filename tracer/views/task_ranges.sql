-- Which tasks lie side by side, and when they lived: who looks for tasks of one time passes over the others by it. One row for
-- all of them as long as the recording is being written.
CREATE VIEW task_ranges AS
SELECT
    -- The first of these tasks, and the last.
    s.first_task_id AS first_task_id,
    s.last_task_id AS last_task_id,
    -- How many there are; NULL when nobody has counted them.
    s.task_count AS task_count,
    -- When the first of them was created; NULL when that is not known of each.
    s.created_first_ns AS created_first_ns,
    -- When the last of them had ended; NULL when that is not known of each, or has not happened.
    s.ended_last_ns AS ended_last_ns
FROM task_span AS s
UNION ALL
SELECT -9223372036854775808, 9223372036854775807, NULL, NULL, NULL WHERE NOT EXISTS (SELECT 1 FROM task_span);
