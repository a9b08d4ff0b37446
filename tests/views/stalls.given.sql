-- A task between two places, one that ended, one whose creation is not known, a callback, one without its site, a signal; in two processes.
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 11, 'a.c', 1, 'work', NULL), (2, 12, 'a.c', 2, 'work', NULL), (3, 13, 'a.c', 3, 'main', 'tick');
INSERT INTO task (task_id, name) VALUES (20, 'busy'), ((1 << 40) | 5, 'ended');
INSERT INTO stall (ended_ns, thread_id, sequence, loop_id, duration_ns, by, by_id, site_id, end_site_id) VALUES
    (500, 1, 1, 9, 300, 1, 20, 1, 2), (900, (1 << 40) | 1, 1, (1 << 40) | 9, 200, 1, (1 << 40) | 5, 1, NULL),
    (950, 1, 2, 9, 100, 1, 21, NULL, 2), (1200, 1, 3, 9, 150, 2, NULL, 3, NULL), (1300, 1, 4, 9, 50, 2, NULL, NULL, NULL), (1500, 1, 5, 9, 120, 3, 15, 3, NULL);
-- Steps that are not over: 30 goes on, 31 went on until its process was gone, 32 never suspended; too short: 33; between two looks at the board:
-- 34; it waits: 35; a process of which no board was ever read: 36.
INSERT INTO process (process_id, uuid, pid, started_ns, seen_ns, board_ns, gone_ns) VALUES (2, x'02', 2, 0, 9000000, 8000000, NULL), (3, x'03', 3, 0, 9000000, 8000000, 8500000), (4, x'04', 4, 0, 9000000, NULL, NULL);
INSERT INTO loop (loop_id, thread_id, created_ns) VALUES ((2 << 40) | 9, (2 << 40) | 1, 0);
INSERT INTO task (task_id, name, loop_id, created_ns, started_ns) VALUES ((2 << 40) | 30, 'goes on', (2 << 40) | 9, 0, 100), ((3 << 40) | 31, 'killed', (3 << 40) | 9, 0, 100),
    ((2 << 40) | 32, 'first step', (2 << 40) | 9, 0, 2000000), ((2 << 40) | 33, 'short', (2 << 40) | 9, 0, 100), ((2 << 40) | 34, 'later', (2 << 40) | 9, 0, 100),
    ((2 << 40) | 35, 'waits', (2 << 40) | 9, 0, 100), ((4 << 40) | 36, 'without', (4 << 40) | 9, 0, 100);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES ((2 << 40) | 30, 1, 2, 0, NULL, NULL, 3000000, 1, 1, 2),
    ((3 << 40) | 31, 1, 2, 0, NULL, NULL, 3000000, 1, 1, 2), ((2 << 40) | 33, 2, 2, 0, NULL, NULL, 7500000, 1, 1, 2), ((2 << 40) | 34, 3, 2, 0, NULL, NULL, 8000100, 1, 1, 2),
    ((2 << 40) | 35, 4, 3, 1, 0, NULL, 3000000, 1, 1, 2), ((4 << 40) | 36, 1, 2, 0, NULL, NULL, 3000000, 1, 1, 2);
