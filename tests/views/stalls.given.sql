-- A task between two places, one that ended, one whose creation is not known, a callback, one without its site, a signal; in two processes.
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 11, 'a.c', 1, 'work', NULL), (2, 12, 'a.c', 2, 'work', NULL), (3, 13, 'a.c', 3, 'main', 'tick');
INSERT INTO task (task_id, name) VALUES (20, 'busy'), ((1 << 40) | 5, 'ended');
INSERT INTO stall (ended_ns, thread_id, sequence, loop_id, duration_ns, by, by_id, site_id, end_site_id) VALUES
    (500, 1, 1, 9, 300, 1, 20, 1, 2), (900, (1 << 40) | 1, 1, (1 << 40) | 9, 200, 1, (1 << 40) | 5, 1, NULL),
    (950, 1, 2, 9, 100, 1, 21, NULL, 2), (1200, 1, 3, 9, 150, 2, NULL, 3, NULL), (1300, 1, 4, 9, 50, 2, NULL, NULL, NULL), (1500, 1, 5, 9, 120, 3, 15, 3, NULL);
