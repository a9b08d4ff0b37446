SELECT * FROM tests ORDER BY test_id
