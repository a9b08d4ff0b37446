SELECT * FROM held_up ORDER BY stall_id, task_id
