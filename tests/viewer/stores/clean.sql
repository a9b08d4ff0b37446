-- A program that did everything right.
INSERT INTO recording (recording_id, uuid, telltale_version, created_realtime_ns, origin_realtime_ns, origin_monotonic_ns, origin_boot_id) VALUES (1, x'00', '0.1.0', 1700000000000000000, 1700000000000000000, 5000000000, x'00');
INSERT INTO process (process_id, uuid, pid, parent_pid, program, started_ns, seen_ns, goodbye_ns, goodbye_reason, gone_ns, exit_status) VALUES
    (0, x'01', 100, 1, '/opt/app', 0, 30000000, 30000000, 1, 31000000, 0);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 1, 'app.c', 10, 'main', 'start'), (2, 2, 'app.c', 20, 'start', 'work'),
    (3, 3, 'app.c', 30, 'work', NULL);
INSERT INTO task (task_id, loop_id, parent_kind, parent_id, created_ns, created_site_id, name, name_number, has_handle, started_ns, ended_ns, outcome,
    busy_ns, ready_ns, longest_step_ns, step_count) VALUES
    (2, 1, 0, NULL, 1000000, 1, NULL, 1, 1, 2000000, 29000000, 1, 500000, 1000, 90000, 9),
    (3, 1, 1, 2, 3000000, 2, 'work', 0, 1, 4000000, 9000000, 1, 1500000, 2000, 90000, 2),
    (4, 1, 1, 2, 3000000, 2, 'work', 0, 1, 5000000, 8000000, 1, 2500000, 3000, 90000, 2),
    (5, 1, 1, 2, 3000000, 2, 'fails', 0, 1, 6000000, 7000000, 2, 3500, 4000, 900, 2);
INSERT INTO exception (exception_id, type, message, raised_ns, raised_site_id, task_id) VALUES (6, 'ValueError', 'seen', 6900000, 3, 5);
INSERT INTO failure (failure_id, kind, how, exception_id, parent_kind, parent_id, loop_id, name, created_site_id, raised_site_id, last_site_id,
    stored_ns, stored_handle_count, released_ns, released_site_id, user_touch_count, library_touch_count, forward_count, is_retrieved) VALUES
    (5, 1, 1, 6, 1, 2, 1, 'fails', 2, 3, 3, 7000000, 1, 8000000, 2, 1, 0, 0, 1);
INSERT INTO touch (failure_id, touched_ns, thread_id, sequence, by, by_id, how, is_user, site_id) VALUES (5, 7500000, 1, 9, 1, 2, 1, 1, 2);
