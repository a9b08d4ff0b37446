SELECT * FROM wait_kinds ORDER BY number
