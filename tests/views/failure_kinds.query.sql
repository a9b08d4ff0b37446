SELECT * FROM failure_kinds ORDER BY kind;
