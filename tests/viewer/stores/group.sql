-- A task that failed with an exception group: nested groups, members that were raised and some that were not, more of them than are listed.
INSERT INTO recording (recording_id, uuid, telltale_version, created_realtime_ns, origin_realtime_ns, origin_monotonic_ns, origin_boot_id) VALUES (1, x'00', '0.1.0', 1700000000000000000, 1700000000000000000, 5000000000, x'00');
INSERT INTO process (process_id, uuid, pid, parent_pid, program, started_ns, seen_ns, goodbye_ns, goodbye_reason, gone_ns, exit_status) VALUES
    (0, x'01', 100, 1, '/opt/app', 0, 3000000000, 3000000000, 1, 3100000000, 0);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES
    (1, 1, 'app.c', 10, 'main', 'start'), (2, 2, 'app.c', 20, 'start', 'fan_out'), (3, 3, 'app.c', 30, 'fan_out', NULL),
    (4, 4, 'app.c', 40, 'start', NULL), (5, 5, 'app.c', 50, 'fetch', NULL);
INSERT INTO task (task_id, loop_id, parent_kind, parent_id, created_ns, created_site_id, name, has_handle, started_ns, ended_ns, outcome,
    busy_ns, ready_ns, longest_step_ns, step_count) VALUES
    (2, 1, 0, NULL, 1000000, 1, 'main', 1, 2000000, 2900000000, 1, 500000, 1000, 90000, 9),
    (3, 1, 1, 2, 10000000, 2, 'fan-out', 1, 11000000, 20000000, 2, 100, 10, 90, 1);
INSERT INTO exception (exception_id, type, message, raised_ns, raised_site_id, task_id, cause_id, context_id) VALUES
    (103, 'ExceptionGroup', 'startup (9 sub-exceptions)', 19000000, 3, 3, 203, NULL), (203, 'KeyError', 'name', 18000000, 5, 3, NULL, NULL),
    (110, 'ValueError', 'bad value', 17000000, 5, 3, NULL, NULL), (111, 'ExceptionGroup', 'inner (2 sub-exceptions)', NULL, NULL, NULL, NULL, NULL),
    (112, 'OSError', 'disk gone', 17000000, 5, 3, NULL, NULL), (113, 'KeyError', 'b', NULL, NULL, NULL, NULL, NULL),
    (114, 'TypeError', '', NULL, NULL, NULL, NULL, NULL);
INSERT INTO exception_member (group_id, told_ns, thread_id, sequence, position, member_id) VALUES
    (103, 19000000, 1, 10, 0, 110), (103, 19000000, 1, 11, 1, 111), (103, 19000000, 1, 12, 2, 114), (103, 19000000, 1, 13, 3, 114),
    (103, 19000000, 1, 14, 4, 114), (103, 19000000, 1, 15, 5, 114), (103, 19000000, 1, 16, 6, 114), (103, 19000000, 1, 17, 7, 114),
    (103, 19000000, 1, 18, 8, 114), (111, 19000000, 1, 19, 0, 112), (111, 19000000, 1, 20, 1, 113);
INSERT INTO failure (failure_id, kind, how, exception_id, parent_kind, parent_id, loop_id, name, created_site_id, raised_site_id, last_site_id,
    stored_ns, stored_handle_count, reported_ns, reported_kind, reported_site_id, released_ns, released_site_id, user_touch_count,
    library_touch_count, forward_count, is_retrieved, is_loop_closed) VALUES
    (3, 1, 1, 103, 1, 2, 1, 'fan-out', 2, 3, 3, 20000000, 1, 520000000, 1, 4, 520000000, 4, 0, 0, 0, 0, 0);
