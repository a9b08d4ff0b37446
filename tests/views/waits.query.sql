SELECT * FROM waits ORDER BY wait_id
