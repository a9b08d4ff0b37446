SELECT * FROM failure_groups ORDER BY first_id;
