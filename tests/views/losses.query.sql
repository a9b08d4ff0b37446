SELECT * FROM losses ORDER BY thread_id, what, detail
