SELECT * FROM calls ORDER BY stack_id, position
