SELECT * FROM processes ORDER BY process_id
