-- Two loops of a process, on two threads, one closed with a task pending; one that never ran; one of another process, stopped.
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 11, 'a.c', 1, 'make', NULL);
INSERT INTO thread (thread_id, tid, name) VALUES (1, 4711, 'main'), (2, 4712, 'worker'), ((1 << 40) | 1, 9, 'other');
INSERT INTO loop (loop_id, created_ns, created_site_id, started_ns, thread_id, stopped_ns, closed_ns, pending_count) VALUES
    (1, 10, 1, 20, 1, NULL, NULL, NULL), (2, 11, NULL, 21, 2, 50, 60, 1), (3, 12, 1, NULL, NULL, NULL, NULL, NULL),
    ((1 << 40) | 1, 5, NULL, 6, (1 << 40) | 1, 7, NULL, NULL);
INSERT INTO task (task_id, name, loop_id) VALUES (20, 'a', 1), (21, 'b', 2), (22, 'c', 2), (23, 'none', NULL);
INSERT INTO failure (failure_id, loop_id, stored_ns) VALUES (22, 2, 30), (40, 2, 31), (41, NULL, 32);
