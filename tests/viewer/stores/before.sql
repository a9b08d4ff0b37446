-- A program's earlier version: 20 connections, one of which failed and was lost, a poller, and a helper that later is no more.
INSERT INTO recording (recording_id, uuid, telltale_version, created_realtime_ns, origin_realtime_ns, origin_monotonic_ns, origin_boot_id) VALUES (1, x'00', '0.1.0', 1700000000000000000, 1700000000000000000, 5000000000, x'00');
INSERT INTO process (process_id, uuid, pid, parent_pid, program, started_ns, seen_ns, goodbye_ns, goodbye_reason, gone_ns, exit_status) VALUES
    (0, x'01', 100, 1, '/opt/app', 0, 9000000000, 9000000000, 1, 9100000000, 0);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES
    (1, 1, 'app.c', 10, 'main', 'serve'), (2, 2, 'app.c', 20, 'serve', 'echo'), (3, 3, 'app.c', 30, 'serve', 'poll'), (4, 4, 'app.c', 40, 'echo', NULL),
    (5, 5, 'app.c', 50, 'serve', 'helper'), (6, 6, 'app.c', 60, 'poll', NULL);
INSERT INTO task (task_id, loop_id, parent_kind, parent_id, created_ns, created_site_id, name, has_handle, started_ns, ended_ns, outcome) VALUES
    (2, 1, 0, NULL, 1000000, 1, 'serve', 1, 2000000, 8000000000, 1), (3, 1, 1, 2, 3000000, 3, 'poll', 1, 4000000, 7000000000, 1),
    (4, 1, 1, 2, 3000000, 5, 'helper', 1, 4000000, 5000000, 1);
INSERT INTO task (task_id, loop_id, parent_kind, parent_id, created_ns, created_site_id, name, has_handle, started_ns, ended_ns, outcome)
    SELECT 10 + value, 1, 1, 2, value * 100000000, 2, 'client-' || value, 1, value * 100000000 + 1000, value * 100000000 + 10000000, iif(value = 7, 2, 1)
    FROM (WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 20) SELECT value FROM n);
INSERT INTO exception (exception_id, type, message, pattern, raised_ns, raised_site_id, task_id) VALUES (50, 'ConnectionError', 'reset by peer 7', 'reset by peer #', 709000000, 4, 17);
INSERT INTO failure (failure_id, kind, how, exception_id, parent_kind, parent_id, loop_id, name, created_site_id, raised_site_id, last_site_id, stored_ns,
    stored_handle_count, released_ns, user_touch_count, library_touch_count, forward_count, is_retrieved) VALUES
    (17, 1, 1, 50, 1, 2, 1, 'client-7', 2, 4, 4, 710000000, 1, 720000000, 0, 0, 0, 0);
