-- Circles of one, two and three tasks, directly and behind gathers; two that share a task; a chain that ends in a circle; waits that look like a
-- circle and are none, since time or another one ends them; circles that a cancellation broke, one of them three times, one built again.
INSERT INTO process (process_id, uuid, pid, seen_ns) VALUES (0, x'00', 100, 1000);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 11, 'a.c', 5, 'work', NULL);
WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 60)
INSERT INTO task (task_id, name, created_ns) SELECT n, 'task ' || n, 1 FROM number;
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns) VALUES
    (1, 1, 3, 2, 2, 1, 50), (2, 2, 3, 2, 1, 1, 51),                              -- two
    (3, 3, 3, 2, 5, 1, 50), (5, 5, 3, 2, 4, 1, 50), (4, 4, 3, 2, 3, 1, 50),      -- three, not in their order
    (6, 6, 3, 4, 100, 1, 50),                                                    -- one that gathers itself
    (7, 7, 3, 4, 101, 1, 50), (8, 8, 3, 2, 7, 1, 50), (9, 9, 3, 2, 7, 1, 50),    -- two circles through 7, and 10 beside them
    (10, 10, 3, 2, 7, 1, 50),
    (11, 11, 3, 2, 12, 1, 50), (12, 12, 3, 2, 13, 1, 50), (13, 13, 3, 2, 12, 1, 50), -- a chain into a circle
    (14, 14, 3, 9, 110, 1, 50), (15, 15, 3, 2, 14, 1, 50),                       -- a wait for the first
    (16, 16, 3, 2, 17, 1, 50), (17, 17, 3, 2, 16, 1, 50),                        -- a time limit
    (18, 18, 3, 2, 19, 1, 50), (19, 19, 3, 1, 0, 1, 50), (20, 20, 3, 2, 18, 1, 50), -- chains
    (21, 21, 3, 4, 102, 1, 50), (22, 22, 3, 4, 103, 1, 50), (23, 23, 3, 4, 104, 1, 50), -- each with each
    (34, 34, 3, 2, 35, 1, 50), (35, 35, 3, 2, 34, 1, 50);                        -- built again after it was broken
INSERT INTO gather (gather_id) VALUES (100), (101), (102), (103), (104);
INSERT INTO wait (wait_id, until, child_count) VALUES (110, 2, 2);
INSERT INTO child (owner_id, told_ns, thread_id, sequence, future_id) VALUES (100, 40, 1, 1, 6), (101, 40, 1, 2, 9), (101, 40, 1, 3, 8), (110, 40, 1, 4, 15), (110, 40, 1, 5, 19),
    (102, 40, 1, 6, 22), (102, 40, 1, 7, 23), (103, 40, 1, 8, 21), (103, 40, 1, 9, 23), (104, 40, 1, 10, 22), (104, 40, 1, 11, 21);
INSERT INTO scope (scope_id, kind, task_id, entered_ns, deadline_ns) VALUES (120, 8, 17, 10, 5000);
INSERT INTO cycle_member (cycle_id, broken_ns, thread_id, sequence, task_id, awaited_id, wait_kind, wait_object, site_id) VALUES
    (200, 60, 1, 20, 32, 30, 2, 30, 1), (200, 60, 1, 21, 31, 32, 2, 32, 1), (200, 60, 1, 22, 30, 31, 4, 130, 1),
    (201, 61, 1, 23, 30, 31, 4, 130, 1), (201, 61, 1, 24, 32, 30, 2, 30, 1), (201, 61, 1, 25, 31, 32, 2, 32, 1),
    (202, 62, 1, 26, 33, 33, 4, 131, 1), (203, 63, 1, 27, 35, 34, 2, 34, 1), (203, 63, 1, 28, 34, 35, 2, 35, 1);
-- Through LTTng: a circle that was told, and may be over since; one that was told later.
INSERT INTO process (process_id, uuid, pid, seen_ns, is_boardless, vital_drop_last_ns) VALUES (1, x'01', 101, 1000, 1, 100);
INSERT INTO task (task_id, name, created_ns, dumped_ns) VALUES
    (1 << 40 | 1, 'stale', 1, 60), (1 << 40 | 2, 'stale', 1, 60), (1 << 40 | 3, 'fresh', 1, 200), (1 << 40 | 4, 'fresh', 1, 200);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns) VALUES
    (1 << 40 | 1, 1, 3, 2, 1 << 40 | 2, 1, 50), (1 << 40 | 2, 2, 3, 2, 1 << 40 | 1, 1, 50),
    (1 << 40 | 3, 3, 3, 2, 1 << 40 | 4, 1, 50), (1 << 40 | 4, 4, 3, 2, 1 << 40 | 3, 1, 50);
