SELECT * FROM verdicts ORDER BY object_id;
