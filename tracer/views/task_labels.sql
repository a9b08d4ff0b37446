-- What tasks are called, for other views.
CREATE VIEW task_labels AS
SELECT
    -- The task.
    t.task_id AS task_id,
    -- The id as it is printed: #17, in the recording's second process p1#17.
    iif(t.task_id >> 40 = 0, '#', 'p' || (t.task_id >> 40) || '#') || (t.task_id & 1099511627775) AS id_text,
    -- Its name, the default name Task-N included.
    coalesce(t.new_name, t.name, 'Task-' || t.name_number) AS name,
    -- Both: #17 "client-3".
    iif(t.task_id >> 40 = 0, '#', 'p' || (t.task_id >> 40) || '#') || (t.task_id & 1099511627775)
        || coalesce(' "' || coalesce(t.new_name, t.name, 'Task-' || t.name_number) || '"', '') AS label
FROM task AS t;
