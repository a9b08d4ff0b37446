-- As a finished recording has them: one whose times are all known, one with a task that has not ended, one of another process
-- whose creation is missing.
INSERT INTO task_span (first_task_id, last_task_id, task_count, created_first_ns, ended_last_ns) VALUES
    (1, 40, 30, 5, 900), (41, 50, 10, 300, NULL), ((1 << 40) | 1, (1 << 40) | 2, 2, NULL, 70);
