SELECT * FROM task_labels ORDER BY task_id
