-- A failure with all that can be known about one, one with nearly nothing, and one of a plain future in another process.
INSERT INTO process (process_id, uuid, pid, seen_ns, goodbye_ns, goodbye_reason, gone_ns) VALUES (0, x'00', 100, 1000, NULL, NULL, 900), (1, x'01', 101, 1000, NULL, NULL, NULL);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES
    (1, 11, 'server.c', 58, 'listen', 'echo'), (2, 12, 'server.c', 31, 'echo', NULL), (3, 13, 'server.c', 60, 'listen', NULL),
    (4, 14, 'server.c', 61, 'keep', NULL), (5, 15, 'server.c', 90, 'main', NULL), (6, 16, 'server.c', 29, 'echo', NULL);
INSERT INTO task (task_id, name, created_ns, created_site_id) VALUES (3, 'main', 10, 5), (17, 'client-3', 100, 1);
INSERT INTO exception (exception_id, type, message, pattern, raised_ns, raised_site_id, task_id) VALUES
    (50, 'Exception', 'connection 7 broke', 'connection <n> broke', 190, 2, 17), ((1 << 40) | 51, 'ValueError', '', NULL, NULL, NULL, NULL);
INSERT INTO failure (failure_id, kind, how, exception_id, parent_kind, parent_id, loop_id, name, created_site_id, raised_site_id, last_site_id, stored_ns,
    stored_handle_count, reported_ns, reported_kind, reported_site_id) VALUES
    (17, 1, 2, 50, 1, 3, 1, 'client-3', 1, 2, 6, 200, 2, 300, 2, 3);
INSERT INTO reference (object_id, happened_ns, thread_id, sequence, is_taken, site_id, handle_count) VALUES
    (17, 201, 1, 1, 1, 3, 1), (17, 201, 1, 2, 1, 4, 2), (17, 400, 1, 3, 0, 5, 1);
INSERT INTO touch (failure_id, touched_ns, thread_id, sequence, by, by_id, how, is_user) VALUES (17, 250, 1, 5, 5, 81, 5, 0);
INSERT INTO forward (failure_id, to_id, forwarded_ns, thread_id, sequence, how) VALUES (17, 81, 251, 1, 6, 2), (17, 3, 252, 1, 7, 1), (17, NULL, 253, 1, 8, 4);
INSERT INTO failure (failure_id) VALUES (81);
INSERT INTO failure (failure_id, kind, how, exception_id, parent_kind, parent_id, stored_ns, stored_handle_count, released_ns, released_site_id,
    user_touch_count, library_touch_count, forward_count, is_retrieved) VALUES
    ((1 << 40) | 9, 2, 4, (1 << 40) | 51, 3, 2, 500, 1, 700, 5, 2, 0, 0, 1);
INSERT INTO touch (failure_id, touched_ns, thread_id, sequence, by, by_id, how, is_user) VALUES ((1 << 40) | 9, 650, 1, 5, 1, 3, 1, 1), ((1 << 40) | 9, 640, 1, 4, 1, 3, 3, 1);
INSERT INTO discard (object_id, discarded_ns, reason) VALUES ((1 << 40) | 9, 660, 'best effort');
-- Kept by a task group that waits for another task.
INSERT INTO process (process_id, uuid, pid, seen_ns) VALUES (2, x'02', 102, 1000);
INSERT INTO task (task_id, name, created_ns, outcome, ended_ns) VALUES ((2 << 40) | 1, 'waits', 0, NULL, NULL), ((2 << 40) | 2, 'kept', 0, 2, 10),
    ((2 << 40) | 3, 'hangs', 0, NULL, NULL);
INSERT INTO scope (scope_id, kind, task_id, entered_ns, entered_site_id) VALUES ((2 << 40) | 4, 6, (2 << 40) | 1, 5, 1);
INSERT INTO scope_member (task_id, scope_id) VALUES ((2 << 40) | 2, (2 << 40) | 4), ((2 << 40) | 3, (2 << 40) | 4);
INSERT INTO failure (failure_id, kind, how, stored_ns) VALUES ((2 << 40) | 2, 1, 1, 10);
INSERT INTO touch (failure_id, touched_ns, thread_id, sequence, by, by_id, how, is_user) VALUES
    ((2 << 40) | 2, 11, 1, 8000, 10, (2 << 40) | 4, 12, 0);
