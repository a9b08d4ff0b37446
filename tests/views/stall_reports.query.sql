SELECT * FROM stall_reports ORDER BY stall_id
