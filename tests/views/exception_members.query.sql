SELECT * FROM exception_members ORDER BY group_id, position
