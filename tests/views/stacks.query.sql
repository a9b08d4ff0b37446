SELECT * FROM stacks ORDER BY object_id
