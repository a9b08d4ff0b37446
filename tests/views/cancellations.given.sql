-- Every way in which a request to cancel can end, and every kind of code that can ask.
INSERT INTO process (process_id, uuid, pid, seen_ns, vital_drop_count, vital_drop_last_ns) VALUES (0, x'00', 100, 1000, 0, NULL), (1, x'01', 101, 1000, 1, 500);
INSERT INTO site (site_id, hash, file, line, func) VALUES (1, 11, 'a.c', 1, 'ask'), (2, 12, 'a.c', 2, 'wait');
INSERT INTO task (task_id, name, created_ns, outcome, ended_ns) VALUES
    (1, 'main', 0, NULL, NULL), (2, 'cancelled', 0, 3, 100), (3, 'swallows', 0, 1, 100), (4, 'converts', 0, 2, 100), (5, 'done', 0, 1, 10),
    (6, 'taken back', 0, 1, 100), (7, 'pending', 0, NULL, NULL), (8, 'never ran', 0, 3, 100), (9, 'asked twice', 0, 3, 100),
    (10, 'one of two taken back', 0, 3, 100), (11, 'returned before it came', 0, 1, 100), (12, 'failed before it came', 0, 2, 100);
INSERT INTO task (task_id, name, created_ns, abandoned_ns, wait_kind) VALUES (13, 'abandoned', 0, 200, 1);
INSERT INTO failure (failure_id, stored_ns) VALUES (4, 100), (12, 100), (32, 100);
INSERT INTO cancellation (cancellation_id, task_id, requested_ns, thread_id, sequence, by, by_id, site_id, is_accepted, request_count, reason) VALUES
    (1, 2, 50, 1, 10, 0, NULL, 1, 1, 1, 'shutdown'),
    (2, 3, 50, 1, 11, 1, 1, 1, 1, 1, NULL),
    (3, 4, 50, 1, 12, 2, NULL, 1, 1, 1, NULL),
    (4, 5, 50, 1, 13, 3, 15, 1, 0, 0, NULL),
    (5, 6, 50, 1, 14, 4, 4711, 1, 1, 1, NULL),
    (6, 7, 50, 1, 15, 5, 31, 1, 1, 1, NULL),
    (7, 8, 50, 1, 16, 6, NULL, 1, 1, 1, NULL),
    (8, 9, 50, 1, 17, 7, 1, 1, 1, 1, 'm1'),
    (9, 9, 51, 1, 18, 7, 99, 1, 1, 2, 'm2'),
    (10, 10, 50, 1, 19, 8, NULL, 1, 1, 1, NULL),
    (11, 10, 51, 1, 20, 0, NULL, 1, 1, 2, NULL),
    (12, 11, 50, 1, 21, 0, NULL, 1, 1, 1, NULL),
    (13, 12, 50, 1, 22, 0, NULL, 1, 1, 1, NULL),
    (14, 13, 50, 1, 23, 0, NULL, 1, 1, 1, NULL),
    (15, 30, 50, 1, 24, 0, NULL, 1, 1, 1, NULL),
    (16, 32, 50, 1, 25, 0, NULL, 1, 1, 1, NULL),
    (17, (1 << 40) | 5, 50, 1, 26, 0, NULL, 1, 1, 1, NULL);
INSERT INTO cancellation_effect (task_id, happened_ns, thread_id, sequence, what, site_id, is_before_start, request_count, exception_id) VALUES
    (2, 40, 1, 9, 'delivered', 2, 0, NULL, NULL), -- before the request: of an earlier one that is missing
    (2, 60, 1, 40, 'delivered', 2, 0, NULL, NULL),
    (3, 60, 1, 41, 'delivered', 2, 0, NULL, NULL), (3, 90, 1, 42, 'swallowed', NULL, NULL, 1, NULL),
    (4, 60, 1, 43, 'delivered', 2, 0, NULL, NULL), (4, 90, 1, 44, 'converted', NULL, NULL, NULL, 70),
    (6, 60, 1, 45, 'delivered', 2, 0, NULL, NULL), (6, 70, 1, 46, 'uncancelled', 2, NULL, 0, NULL),
    (8, 60, 1, 47, 'delivered', NULL, 1, NULL, NULL),
    (9, 60, 1, 48, 'delivered', 2, 0, NULL, NULL),
    (10, 60, 1, 49, 'delivered', 2, 0, NULL, NULL), (10, 70, 1, 50, 'uncancelled', 2, NULL, 1, NULL);
-- Cancelled by SIGINT; the runner takes the request back when the task has ended, to see whether anybody else had asked too.
INSERT INTO task (task_id, name, created_ns, outcome, ended_ns) VALUES (90, 'main', 10, 3, 100);
INSERT INTO cancellation (task_id, requested_ns, thread_id, sequence, by, by_id, is_accepted, request_count) VALUES (90, 50, 1, 901, 3, 2, 1, 1);
INSERT INTO cancellation_effect (task_id, happened_ns, thread_id, sequence, what, site_id, request_count) VALUES
    (90, 60, 1, 902, 'delivered', NULL, NULL), (90, 120, 1, 903, 'uncancelled', NULL, 0);
-- Cancelled by timeouts: made TimeoutError, swallowed in the body, overruled, passed on; one whose end is not known. By a group.
INSERT INTO task (task_id, name, created_ns) VALUES (95, 'timed', 10);
INSERT INTO scope (scope_id, kind, task_id, ending) VALUES (101, 8, 95, 3), (102, 8, 95, 6), (103, 8, 95, 5), (104, 8, 95, 4), (105, 8, 95, NULL);
INSERT INTO cancellation (task_id, requested_ns, thread_id, sequence, by, by_id, site_id, is_accepted, request_count) VALUES
    (95, 50, 1, 910, 9, 101, 1, 1, 1), (95, 51, 1, 911, 9, 102, 1, 1, 1), (95, 52, 1, 912, 9, 103, 1, 1, 1),
    (95, 53, 1, 913, 9, 104, 1, 1, 1), (95, 56, 1, 920, 9, 105, 1, 1, 1), (95, 57, 1, 921, 10, 106, 1, 1, 2);
INSERT INTO cancellation_effect (task_id, happened_ns, thread_id, sequence, what, site_id, request_count) VALUES
    (95, 54, 1, 914, 'delivered', 2, NULL), (95, 55, 1, 915, 'uncancelled', 2, 0);
-- By the group that its task was inside of, which it has left by an interrupt, that is, without taking the request back.
INSERT INTO task (task_id, name, created_ns, outcome, ended_ns) VALUES (96, 'interrupted', 10, 1, 100);
INSERT INTO scope (scope_id, kind, task_id, exited_ns) VALUES (107, 6, 96, 80);
INSERT INTO cancellation (task_id, requested_ns, thread_id, sequence, by, by_id, site_id, is_accepted, request_count) VALUES (96, 50, 1, 930, 10, 107, 1, 1, 1);
INSERT INTO cancellation_effect (task_id, happened_ns, thread_id, sequence, what, site_id, request_count) VALUES
    (96, 60, 1, 931, 'delivered', 2, NULL), (96, 100, 1, 932, 'swallowed', NULL, 1);
