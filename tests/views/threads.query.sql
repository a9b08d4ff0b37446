SELECT * FROM threads ORDER BY thread_id;
