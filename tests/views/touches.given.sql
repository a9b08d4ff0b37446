-- Reads by each kind of code, by user code and by the library, with and without a place.
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 11, 'a.c', 5, 'work', NULL);
INSERT INTO task (task_id, name) VALUES (2, 'main');
INSERT INTO touch (failure_id, touched_ns, thread_id, sequence, by, by_id, how, is_user, site_id) VALUES
    (1, 10, 1, 1, 0, NULL, 2, 1, 1), (1, 20, 1, 2, 1, 2, 1, 1, 1), (1, 30, 1, 3, 2, NULL, 3, 1, NULL), (1, 40, 1, 4, 3, 15, 3, 1, 1),
    (1, 50, 2, 5, 4, 4711, 2, 1, 1), (1, 60, 1, 6, 5, 7, 5, 0, 1), (1, 70, 1, 7, 6, NULL, 8, 1, 1), (1, 80, 1, 8, 10, (1 << 40) | 9, 12, 0, 1), (1, 90, 1, 9, 1, NULL, 1, 1, 1);
