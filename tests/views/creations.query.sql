SELECT * FROM creations ORDER BY task_id;
