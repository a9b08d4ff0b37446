SELECT * FROM stall_victims ORDER BY stall_id, task_id;
