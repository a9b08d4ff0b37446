SELECT * FROM task_ranges ORDER BY first_task_id;
