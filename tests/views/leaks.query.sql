SELECT * FROM leaks ORDER BY process_id, object_id
