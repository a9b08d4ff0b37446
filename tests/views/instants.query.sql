SELECT * FROM instants WHERE at_ns = 6020000 ORDER BY task_id
