SELECT * FROM loops ORDER BY loop_id
