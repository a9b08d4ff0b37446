-- Waits of each kind: for a task, a future, time, a descriptor, a file; behind a gather, a wait for all and for the first, with and without a
-- time limit, an iterator, a shield of a gather, a group; what has ended is not waited for. Tasks that were abandoned. One that runs.
INSERT INTO process (process_id, uuid, pid, seen_ns) VALUES (0, x'00', 100, 1000);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 11, 'a.c', 5, 'work', NULL);
WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 20)
INSERT INTO task (task_id, name, created_ns) SELECT n, 'task ' || n, 1 FROM number;
INSERT INTO task (task_id, name, created_ns, outcome, ended_ns) VALUES (21, 'done', 1, 1, 10), (22, 'cancelled', 1, 3, 10), (23, 'failed, its end is missing', 1, NULL, NULL);
INSERT INTO failure (failure_id, kind, how, stored_ns) VALUES (23, 1, 1, 10), (53, 3, 5, 10);
INSERT INTO task (task_id, name, created_ns, abandoned_ns, wait_kind, wait_object, wait_site_id) VALUES (24, 'abandoned', 1, 90, 2, 1, 1), (25, 'never began', 1, 90, 0, NULL, NULL);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns) VALUES
    (1, 1, 3, 2, 2, 1, 50), (2, 2, 3, 3, 40, 1, 50), (3, 3, 3, 1, 0, 1, 50), (4, 4, 3, 6, 7, 1, 50), (5, 5, 3, 40, 0, 1, 50), (6, 6, 3, 4, 50, 1, 50),
    (7, 7, 3, 9, 60, 1, 50), (8, 8, 3, 9, 61, 1, 50), (9, 9, 3, 9, 62, 1, 50), (10, 10, 3, 11, 63, 1, 50), (11, 11, 3, 10, 70, 1, 50),
    (12, 12, 3, 12, 80, 1, 50), (13, 13, 3, 4, 52, 1, 50), (14, 14, 3, 9, 64, 1, 50), (15, 15, 3, 12, 81, 1, 50), (16, 16, 3, 2, 1, 1, 50),
    (17, 17, 3, 2, 1, 1, 50), (18, 18, 2, 0, 0, NULL, 50), (19, 19, 3, 10, 71, 1, 50), (21, 21, 4, 2, 1, NULL, 50);
INSERT INTO gather (gather_id) VALUES (50), (51), (52), (53);
INSERT INTO wait (wait_id, until, child_count, timeout_ns) VALUES (60, 1, 2, NULL), (61, 2, 2, NULL), (62, 1, 1, 500), (63, 4, 2, NULL), (64, 2, 1, NULL);
INSERT INTO shield (shield_id, inner_id) VALUES (70, 51), (71, NULL);
INSERT INTO child (owner_id, told_ns, thread_id, sequence, future_id) SELECT value / 100, 40, 1, value, value % 100 FROM (SELECT value FROM json_each(
    '[5001, 5003, 5021, 5022, 5023, 5040, 5051, 5053, 5301, 5104, 6001, 6002, 6101, 6102, 6201, 6303, 6304, 6401, 5221]'));
INSERT INTO scope (scope_id, kind, task_id, entered_ns, deadline_ns, expired_ns, exited_ns) VALUES (80, 6, 12, 10, NULL, NULL, NULL), (81, 6, 15, 10, NULL, NULL, NULL),
    (82, 8, 16, 10, 5000, NULL, NULL), (83, 8, 17, 10, 5000, 40, NULL), (84, 8, 1, 10, 5000, NULL, 20), (85, 8, 2, 10, 9223372036854775807, NULL, NULL);
INSERT INTO scope_member (task_id, scope_id) VALUES (3, 80), (4, 80), (21, 80), (23, 80), (22, 81);
-- Locks: one that task 1 has, one that nobody has, one that was not recorded.
INSERT INTO resource (resource_id, kind, holder_id) VALUES (90, 1, 1), (91, 1, 0);
INSERT INTO task (task_id, name, created_ns) VALUES (30, 'wants a lock', 1), (31, 'wants a free lock', 1), (32, 'wants an unknown lock', 1);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns) VALUES (30, 30, 3, 13, 90, 1, 50), (31, 31, 3, 13, 91, 1, 50), (32, 32, 3, 13, 92, 1, 50);
-- A lock that somebody had when the category was switched off, and one that somebody has got since.
INSERT INTO process (process_id, uuid, pid, seen_ns, categories) VALUES (1, x'01', 101, 1000, 8191);
INSERT INTO selection (selected_ns, thread_id, sequence, categories, step_every, by) VALUES (30, (1 << 40) | 1, 1, 4095, 1, 1), (40, (1 << 40) | 1, 2, 8191, 1, 1);
INSERT INTO resource (resource_id, kind, holder_id, held_ns) VALUES ((1 << 40) | 90, 1, (1 << 40) | 1, 20), ((1 << 40) | 91, 1, (1 << 40) | 1, 45);
INSERT INTO task (task_id, name, created_ns) VALUES ((1 << 40) | 1, 'had it', 1), ((1 << 40) | 2, 'wants the one', 1), ((1 << 40) | 3, 'wants the other', 1);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns) VALUES ((1 << 40) | 1, 33, 3, 13, (1 << 40) | 90, 1, 50), ((1 << 40) | 2, 34, 3, 13, (1 << 40) | 90, 1, 50), ((1 << 40) | 3, 35, 3, 13, (1 << 40) | 91, 1, 50);
