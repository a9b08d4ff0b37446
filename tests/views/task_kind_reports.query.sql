SELECT * FROM task_kind_reports ORDER BY kind;
