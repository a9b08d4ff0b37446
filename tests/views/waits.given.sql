-- Each mode, of one future and of several, by a task and by the main program, with and without a timeout; of the last only the board knew.
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 11, 'server.c', 58, 'fan_out', NULL);
INSERT INTO wait (wait_id, started_ns, started_site_id, by, by_id, until, child_count, is_for_tasks, timeout_ns) VALUES
    (10, 100, 1, 1, 2, 1, 3, 1, NULL), (11, 110, 1, 1, 2, 2, 1, 1, 5000), (12, 120, 1, 1, 2, 3, 2, 0, 0),
    (13, 130, 1, 0, NULL, 4, 1, 0, NULL), (14, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
