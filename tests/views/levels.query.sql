SELECT * FROM levels ORDER BY process_id, what, ns;
