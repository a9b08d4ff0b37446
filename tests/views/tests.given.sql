-- Process 0: a test that passed, one that failed and left a task and a failure behind, one whose outcome nobody knew, one that was under way
-- when the process was killed; what was before, between and after them, and in process 1 at the same time, is none of theirs.
-- Process 1 runs and lost nothing; 2 lost events: its test may have ended, and another one's beginning is missing.
INSERT INTO process (process_id, uuid, pid, seen_ns, gone_ns, drop_count) VALUES (0, x'00', 100, 1000, 900, 0), (1, x'01', 101, 1000, NULL, 0),
    (2, x'02', 102, 1000, 950, 3);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 11, 't.c', 1, 'set_up', NULL), (2, 12, 't.c', 2, 'tear_down', NULL), (3, 13, 't.c', 3, 'work', 'work');
INSERT INTO test (test_id, thread_id, name, began_ns, began_site_id, ended_ns, ended_site_id, outcome, text) VALUES
    (1, 1, 'adds', 100, 1, 200, 2, 1, NULL), (2, 1, 'fetches', 300, 1, 400, 2, 2, '2 is not 3'), (3, 2, 'waits', 500, 1, 600, 2, 0, NULL),
    (4, 1, 'crashes', 700, 1, NULL, NULL, NULL, NULL),
    ((1 << 40) | 1, (1 << 40) | 1, 'runs', 150, 1, NULL, NULL, NULL, NULL),
    ((2 << 40) | 1, (2 << 40) | 1, 'lost', 150, 1, NULL, NULL, NULL, NULL), ((2 << 40) | 2, NULL, NULL, NULL, NULL, 300, 2, 3, 'no network');
INSERT INTO exception (exception_id, type, message, pattern) VALUES (50, 'ValueError', 'no 7', 'no <n>');
-- Before all tests; wanted by the first; lost by the second; between tests; lost by the one that crashed.
INSERT INTO failure (failure_id, kind, how, exception_id, name, stored_ns, released_ns, user_touch_count, library_touch_count, forward_count,
    is_retrieved, is_loop_closed) VALUES
    (10, 1, 1, 50, 'before', 99, 99, 0, 0, 0, 0, 0), (11, 1, 1, 50, 'wanted', 100, 150, 1, 0, 0, 1, 0), (12, 1, 1, 50, 'lost', 400, 450, 0, 0, 0, 0, 0),
    (13, 1, 1, 50, 'between', 450, 460, 0, 0, 0, 0, 0), (14, 1, 1, 50, 'at last', 800, 810, 0, 0, 0, 0, 0),
    ((1 << 40) | 14, 1, 1, 50, 'elsewhere', 350, 360, 0, 0, 0, 0, 0);
-- Ended in their tests; created by the second and pending at its end, ended later or never; created between; pending since the third.
INSERT INTO task (task_id, name, created_ns, outcome, ended_ns) VALUES (20, 'ended', 110, 1, 200), (21, 'ended later', 310, 1, 550), (22, 'abandoned later', 310, NULL, NULL),
    (23, 'between', 450, 1, 550), (24, 'never ended', 510, NULL, NULL), ((1 << 40) | 20, 'elsewhere', 310, NULL, NULL);
UPDATE task SET abandoned_ns = 420, started_ns = 320 WHERE task_id = 22;
-- One that was under way when its session began, and one that it has seen to its end.
INSERT INTO process (process_id, uuid, started_ns, seen_ns) VALUES (7, x'07', 0, 2000);
INSERT INTO test (test_id, thread_id, name, began_ns, began_site_id, ended_ns, outcome) VALUES ((7 << 40) | 1, NULL, 'was under way', 100, 1, 500, 1), ((7 << 40) | 2, (7 << 40) | 1, 'was seen', 600, 1, 700, 1);
INSERT INTO failure (failure_id, kind, stored_ns) VALUES ((7 << 40) | 3, 1, 400), ((7 << 40) | 4, 1, 650);
