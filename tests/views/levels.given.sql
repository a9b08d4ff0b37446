-- Two tasks that overlap, one created at the instant at which another ends, one that never ended, one whose creation is not known and one of
-- which nothing is; a failure that was read, one that is held, one that was lost when its process ended.
INSERT INTO process (process_id, uuid, started_ns, seen_ns, goodbye_ns, goodbye_reason) VALUES (0, x'00', 0, 900, NULL, NULL), (1, x'01', 0, 800, 800, 1);
INSERT INTO task (task_id, created_ns, started_ns, ended_ns, outcome, abandoned_ns) VALUES
    (2, 100, 101, 300, 1, NULL), (3, 200, 201, 400, 2, NULL), (4, 300, 301, NULL, NULL, NULL), (5, NULL, 350, 360, 1, NULL), (6, NULL, NULL, 370, 1, NULL),
    ((1 << 40) | 2, 10, 11, NULL, NULL, 700), ((1 << 40) | 3, 20, 21, 30, 2, NULL);
INSERT INTO exception (exception_id, type, message) VALUES (50, 'E', 'x');
INSERT INTO failure (failure_id, kind, how, exception_id, stored_ns, stored_handle_count) VALUES (3, 1, 1, 50, 400, 1), (9, 2, 4, 50, 450, 1), ((1 << 40) | 3, 1, 1, 50, 30, 1);
INSERT INTO touch (failure_id, touched_ns, thread_id, sequence, by, by_id, how, is_user) VALUES (3, 480, 1, 1, 1, 2, 1, 1);
