-- Each hint truly, and what nearly is one: a stall that was told and one known from its task's end; a task that never let others have their turn,
-- one with two steps, one that runs; a cancellation that took long, one taken back; a loop all of whose tasks wait for each other's things, one in which a
-- task sleeps, one with a time limit, one with a task that nothing is known of; a hundred tasks at once, a hundred one after the other; a task that
-- spins, one that waits between.
INSERT INTO process (process_id, uuid, pid, started_ns, seen_ns) VALUES (0, x'00', 100, 0, 10000000000);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 11, 'a.c', 1, 'create', 'work'), (2, 12, 'a.c', 2, 'work', NULL), (3, 13, 'a.c', 3, 'create', 'tick'),
    (4, 14, 'a.c', 4, 'flood', 'many'), (5, 15, 'a.c', 5, 'trickle', 'few');
INSERT INTO task (task_id, name, loop_id, created_ns, created_site_id, started_ns, ended_ns, outcome, busy_ns, ready_ns, longest_step_ns, step_count) VALUES
    (1, 'stalls', 90, 0, 1, 100, 900000000, 1, 300000000, 0, 250000000, 3), (2, 'stalls a little', 90, 0, 1, 100, 900000000, 1, 40000000, 0, 30000000, 3),
    (3, 'quick', 90, 0, 1, 100, 900000000, 1, 400000, 0, 400000, 3),
    (4, 'never yields', 90, 0, 1, 100, 2000000000, 1, 1999999900, 0, 1999999900, 1), (5, 'yields once', 90, 0, 1, 100, 2000000000, 1, 1999999900, 0, 1000000000, 2),
    (7, 'slow to end', 90, 0, 1, 100, 5000000000, 3, 100, 0, 100, 3), (8, 'taken back', 90, 0, 1, 100, 5000000000, 1, 100, 0, 100, 3),
    (9, 'does not end', 90, 0, 1, 100, NULL, NULL, NULL, NULL, NULL, NULL),
    (20, 'spins', 90, 0, 1, 100, 1000000000, 1, 500000000, 499000000, 1000, 20000), (21, 'waits', 90, 0, 1, 100, 1000000000, 1, 500000000, 400000000, 1000, 20000);
INSERT INTO task (task_id, name, loop_id, created_ns, created_site_id, started_ns) VALUES (6, 'runs', 91, 1000000000, 1, 2000000000), (22, 'spins now', 91, 0, 1, 100);
INSERT INTO stall (ended_ns, thread_id, sequence, loop_id, duration_ns, by, by_id, site_id, end_site_id) VALUES (300000000, 1, 80, 90, 250000000, 1, 1, 1, 2), (600000000, 1, 92, 90, 130000000, 2, NULL, 3, NULL);
INSERT INTO cancellation (task_id, requested_ns, thread_id, sequence, by, site_id, is_accepted, request_count) VALUES
    (7, 1000000000, 1, 1, 0, 2, 1, 1), (7, 2000000000, 1, 2, 0, 2, 1, 2), (8, 1000000000, 1, 3, 0, 2, 1, 1), (9, 4000000000, 1, 4, 0, 2, 1, 1);
INSERT INTO cancellation_effect (task_id, happened_ns, thread_id, sequence, what, site_id, request_count) VALUES (7, 1000000100, 1, 10, 'delivered', 2, NULL),
    (8, 1000000100, 1, 11, 'delivered', 2, NULL), (8, 1000000200, 1, 12, 'uncancelled', 2, 0), (9, 4000000100, 1, 13, 'delivered', 2, NULL);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES (9, 9, 3, 1, 0, 2, 4000000100, 100, 100, 3),
    -- One that has ended and still stands there is told once.
    (20, 20, 4, 0, NULL, NULL, 1000000000, 500000000, 499000000, 20000), (22, 22, 1, 0, NULL, NULL, 9999999900, 5000000000, 4990000000, 5000);
-- Loop 92: all wait. 93: one sleeps. 94: one has a time limit. 95: one waits with a limit of its own. 96: of one nothing is known.
INSERT INTO task (task_id, name, loop_id, created_ns, created_site_id, started_ns) VALUES (30, 'for an event', 92, 0, 1, 10), (31, 'for the other', 92, 0, 1, 10), (32, 'for an item', 93, 0, 1, 10),
    (33, 'sleeps', 93, 0, 1, 10), (34, 'for a future', 94, 0, 1, 10), (35, 'in a limit', 94, 0, 1, 10), (36, 'for a lock', 95, 0, 1, 10), (37, 'waits', 95, 0, 1, 10),
    (38, 'for a future', 96, 0, 1, 10), (39, 'unknown', 96, 0, 1, 10);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES (30, 30, 3, 14, 100, 2, 1000000000, 1, 1, 2), (31, 31, 3, 2, 30, 2, 1000000000, 1, 1, 2),
    (32, 32, 3, 18, 101, 2, 1000000000, 1, 1, 2), (33, 33, 3, 1, 0, 2, 1000000000, 1, 1, 2), (34, 34, 3, 3, 102, 2, 1000000000, 1, 1, 2), (35, 35, 3, 3, 103, 2, 1000000000, 1, 1, 2),
    (36, 36, 3, 13, 104, 2, 1000000000, 1, 1, 2), (37, 37, 3, 9, 105, 2, 1000000000, 1, 1, 2), (38, 38, 3, 3, 106, 2, 1000000000, 1, 1, 2);
INSERT INTO scope (scope_id, kind, task_id, entered_ns, deadline_ns) VALUES (110, 8, 35, 10, 20000000000);
INSERT INTO wait (wait_id, until, child_count, timeout_ns) VALUES (105, 1, 1, 5000);
WITH RECURSIVE number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < 119)
INSERT INTO task (task_id, name, loop_id, created_ns, created_site_id, started_ns, ended_ns, outcome, step_count)
    SELECT 1000 + n, 'many', 90, n, 4, 500, iif(n < 110, 1000 + n, 60), 1, 2 FROM number;
WITH RECURSIVE number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < 119)
INSERT INTO task (task_id, name, loop_id, created_ns, created_site_id, started_ns, ended_ns, outcome, step_count)
    SELECT 2000 + n, 'few', 90, 10 * n, 5, 10 * n, 10 * n + 10, 1, 2 FROM number;
-- Stacks: nearly full, half full, one byte below half, not measured.
INSERT INTO task (task_id, name, loop_id, created_ns, created_site_id, started_ns, ended_ns, outcome, stack_used_bytes, stack_bytes) VALUES
    (3000, 'deep', 90, 0, 1, 100, 5000, 1, 60000, 65536), (3001, 'half', 90, 0, 1, 100, 5000, 1, 32768, 65536), (3002, 'less', 90, 0, 1, 100, 5000, 1, 32767, 65536),
    (3003, 'not measured', 90, 0, 1, 100, 5000, 1, NULL, NULL);
