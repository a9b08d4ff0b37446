SELECT * FROM task_kinds ORDER BY kind;
