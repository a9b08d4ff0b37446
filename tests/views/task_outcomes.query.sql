SELECT task_id >> 40 AS process, task_id & 1099511627775 AS task, outcome FROM task_outcomes ORDER BY task_id
