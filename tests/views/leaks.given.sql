-- One finding of each kind, and what must be none: delivered, discarded and unknown failures, cancellations that ended well, tasks that were
-- pending when their process was killed. A gather that was dropped is told, the child that it failed with is not; a thread-side future
-- that nobody asked is told by its task.
INSERT INTO process (process_id, uuid, pid, seen_ns, gone_ns) VALUES (0, x'00', 100, 1000, NULL), (1, x'01', 101, 1000, 900);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 11, 'a.c', 1, 'create', 'work'), (2, 12, 'a.c', 2, 'work', NULL);
INSERT INTO exception (exception_id, type, message, pattern) VALUES (50, 'Exception', 'no 7', 'no <n>');
INSERT INTO task (task_id, name, created_ns, created_site_id, outcome, ended_ns) VALUES (20, 'stubborn', 10, 1, 1, 100), (21, 'good', 10, 1, 3, 100);
INSERT INTO task (task_id, name, created_ns, created_site_id, abandoned_ns, wait_kind, wait_object, wait_site_id) VALUES (22, 'orphan', 10, 1, 200, 6, 7, 2);
INSERT INTO task (task_id, name, created_ns) VALUES ((1 << 40) | 5, 'pending', 10);
INSERT INTO cancellation (task_id, requested_ns, thread_id, sequence, by, is_accepted, request_count) VALUES (20, 50, 1, 1, 0, 1, 1), (20, 55, 1, 2, 0, 1, 2), (21, 50, 1, 3, 0, 1, 1);
INSERT INTO cancellation_effect (task_id, happened_ns, thread_id, sequence, what, site_id, request_count) VALUES
    (20, 60, 1, 4, 'delivered', 2, NULL), (20, 90, 1, 5, 'swallowed', NULL, 2), (21, 60, 1, 6, 'delivered', 2, NULL);
INSERT INTO failure (failure_id, kind, how, exception_id, name, created_site_id, raised_site_id, stored_ns, released_ns, user_touch_count, library_touch_count,
    forward_count, is_retrieved, is_loop_closed) VALUES
    (1, 1, 1, 50, 'dropped', 1, 2, 100, 300, 0, 0, 0, 0, 0), (2, 1, 2, 50, 'ignored', 1, 2, 100, 300, 0, 0, 0, 0, 0),
    (3, 1, 1, 50, 'closed', 1, 2, 100, 300, 0, 0, 0, 0, 1), (4, 1, 1, 50, 'held', 1, 2, 100, NULL, NULL, NULL, NULL, NULL, NULL),
    (5, 1, 1, 50, 'absorbed', 1, 2, 100, 300, 0, 1, 0, 1, 0), (6, 1, 1, 50, 'delivered', 1, 2, 100, 300, 1, 0, 0, 1, 0),
    (7, 1, 1, 50, 'discarded', 1, 2, 100, 300, 0, 0, 0, 0, 0), (8, 1, 1, 50, 'unknown', 1, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ((1 << 40) | 1, 1, 1, 50, 'killed', 1, 2, 100, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO touch (failure_id, touched_ns, thread_id, sequence, by, how, is_user) VALUES (5, 200, 1, 7, 2, 7, 0);
INSERT INTO discard (object_id, discarded_ns, reason) VALUES (7, 150, 'best effort');
INSERT INTO failure (failure_id, kind, how, exception_id, name, created_site_id, raised_site_id, stored_ns, released_ns, user_touch_count, library_touch_count,
    forward_count, is_retrieved, is_loop_closed) VALUES
    (30, 1, 1, 50, 'child', 1, 2, 100, 300, 0, 1, 1, 1, 0), (31, 3, 5, 50, 'gather', 1, 2, 110, 300, 0, 0, 0, 0, 0),
    (40, 1, 1, 50, 'submitted', 1, 2, 100, 300, 0, 1, 1, 1, 0), (41, 4, 5, 50, 'thread future', 1, 2, 110, 300, 0, 0, 0, 0, 0);
INSERT INTO touch (failure_id, touched_ns, thread_id, sequence, by, how, is_user) VALUES (30, 110, 1, 8, 2, 5, 0), (40, 110, 1, 9, 2, 6, 0);
INSERT INTO forward (failure_id, to_id, forwarded_ns, thread_id, sequence, how) VALUES (30, 31, 110, 1, 10, 2), (40, 41, 110, 1, 11, 3);
-- Timeouts whose bodies returned all the same: one that got the cancellation itself, one that awaited a task which got it. Scopes left open.
INSERT INTO task (task_id, name, created_ns, created_site_id) VALUES (60, 'deaf', 10, 1), (61, 'waiting', 10, 1);
INSERT INTO scope (scope_id, kind, task_id, entered_ns, entered_site_id, expired_ns, exited_ns, ending, is_left_open) VALUES
    (62, 8, 60, 20, 1, 50, 90, 6, 0), (63, 8, 61, 20, 1, 50, 90, 6, 0), (64, 8, 61, 95, 2, NULL, 99, 1, 1), (65, 6, 61, 96, 2, NULL, 98, 1, 1);
INSERT INTO cancellation (task_id, requested_ns, thread_id, sequence, by, by_id, site_id, is_accepted, request_count) VALUES
    (60, 50, 1, 60, 9, 62, 1, 1, 1), (61, 50, 1, 61, 9, 63, 1, 1, 1);
INSERT INTO cancellation_effect (task_id, happened_ns, thread_id, sequence, what, site_id, request_count) VALUES
    (60, 60, 1, 62, 'delivered', 2, NULL), (60, 90, 1, 63, 'uncancelled', 2, 0), (61, 120, 1, 64, 'delivered', 2, NULL);
-- Failures in groups: kept by one that waits; not passed on by one that was left.
INSERT INTO scope (scope_id, kind, task_id, entered_ns, entered_site_id, exited_ns, ending) VALUES (80, 6, 61, 20, 2, NULL, NULL), (81, 6, 61, 20, 2, 150, 2);
INSERT INTO scope_member (task_id, scope_id) VALUES (82, 80), (83, 81);
INSERT INTO failure (failure_id, kind, how, exception_id, name, created_site_id, raised_site_id, stored_ns, released_ns, user_touch_count, library_touch_count,
    forward_count, is_retrieved, is_loop_closed) VALUES
    (82, 1, 1, 50, 'kept', 1, 2, 100, NULL, NULL, NULL, NULL, NULL, NULL), (83, 1, 1, 50, 'not passed on', 1, 2, 100, 150, 0, 1, 0, 1, 0);
INSERT INTO touch (failure_id, touched_ns, thread_id, sequence, by, by_id, how, is_user) VALUES (82, 110, 1, 80, 10, 80, 12, 0), (83, 110, 1, 81, 10, 81, 12, 0);
-- Tasks that never began: their loop was closed, their process exited. What began, was cancelled before, or may be told by an event that is
-- missing, or whose process was killed, is none.
INSERT INTO process (process_id, uuid, pid, seen_ns, goodbye_ns, goodbye_reason, drop_count) VALUES (2, x'02', 102, 1000, 900, 1, 0), (3, x'03', 103, 1000, 900, 1, 5);
INSERT INTO task (task_id, name, created_ns, created_site_id, abandoned_ns, wait_kind) VALUES (90, 'closed over', 10, 1, 200, 0), (91, 'cancelled first', 10, 1, 200, 0);
INSERT INTO task (task_id, name, created_ns, created_site_id, started_ns) VALUES ((2 << 40) | 1, 'too late', 800, 1, NULL), ((2 << 40) | 2, 'began', 10, 1, 20),
    ((3 << 40) | 1, 'not to be told', 800, 1, NULL), ((1 << 40) | 6, 'killed before', 800, 1, NULL), ((2 << 40) | 3, 'cancelled', 800, 1, NULL);
INSERT INTO cancellation (task_id, requested_ns, thread_id, sequence, by, is_accepted, request_count) VALUES (91, 50, 1, 90, 0, 1, 1), ((2 << 40) | 3, 850, 1, 1, 0, 1, 1);
-- Circles: two tasks, one task, nine that a cancellation broke.
INSERT INTO task (task_id, name, created_ns) VALUES (100, 'left', 10), (101, 'right', 10), (102, 'own', 10);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns) VALUES (100, 1, 3, 2, 101, 1, 50), (101, 2, 3, 2, 100, 2, 60), (102, 3, 3, 4, 103, 2, 70);
INSERT INTO gather (gather_id) VALUES (103);
INSERT INTO child (owner_id, told_ns, thread_id, sequence, future_id) VALUES (103, 40, 1, 100, 102);
WITH RECURSIVE number (n) AS (SELECT 110 UNION ALL SELECT n + 1 FROM number WHERE n < 118)
INSERT INTO task (task_id, name, created_ns, outcome, ended_ns) SELECT n, 'of nine', 10, 3, 100 FROM number;
WITH RECURSIVE number (n) AS (SELECT 110 UNION ALL SELECT n + 1 FROM number WHERE n < 118)
INSERT INTO cycle_member (cycle_id, broken_ns, thread_id, sequence, task_id, awaited_id, wait_kind, wait_object, site_id)
    SELECT 120, 90 + 118 - n, 1, n, n, iif(n = 118, 110, n + 1), 2, iif(n = 118, 110, n + 1), 2 FROM number;
