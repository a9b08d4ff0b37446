SELECT * FROM tasks ORDER BY task_id
