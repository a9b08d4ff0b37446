SELECT * FROM failures ORDER BY failure_id
