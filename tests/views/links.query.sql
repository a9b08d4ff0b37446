SELECT * FROM links ORDER BY task_id;
