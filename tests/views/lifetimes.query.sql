SELECT * FROM lifetimes ORDER BY task_id;
