-- A program that runs: a failure that somebody holds, and tasks that wait.
INSERT INTO recording (recording_id, uuid, telltale_version, created_realtime_ns, origin_realtime_ns, origin_monotonic_ns, origin_boot_id) VALUES (1, x'00', '0.1.0', 1700000000000000000, 1700000000000000000, 5000000000, x'00');
INSERT INTO process (process_id, uuid, pid, parent_pid, program, started_ns, seen_ns) VALUES (0, x'01', 100, 1, '/opt/app', 0, 9000000000);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 1, 'app.c', 10, 'main', 'start'), (2, 2, 'app.c', 20, 'start', 'work'),
    (3, 3, 'app.c', 30, 'work', NULL);
INSERT INTO task (task_id, loop_id, parent_kind, parent_id, created_ns, created_site_id, name, has_handle, started_ns, ended_ns, outcome,
    busy_ns, ready_ns, longest_step_ns, step_count) VALUES
    (2, 1, 0, NULL, 1000000, 1, 'main', 1, 2000000, NULL, NULL, NULL, NULL, NULL, NULL),
    (3, 1, 1, 2, 3000000, 2, 'fails', 1, 4000000, 7000000, 2, 3500, 4000, 900, 2),
    (4, 1, 1, 2, 3000000, 2, 'sleeper-1', 1, 4000000, NULL, NULL, NULL, NULL, NULL, NULL),
    (5, 1, 1, 2, 3000000, 2, 'sleeper-2', 1, 4000000, NULL, NULL, NULL, NULL, NULL, NULL),
    (7, 1, 1, 2, 8999000000, 2, 'new', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES
    (2, 0, 3, 2, 4, 1, 5000000, 3000000, 60000, 6), (4, 1, 3, 1, 0, 3, 4500000, 200000, 5000, 2), (5, 2, 3, 1, 0, 3, 4600000, 200000, 5000, 2),
    (7, 3, 1, 0, 0, NULL, 8999000000, 0, 0, 0);
INSERT INTO exception (exception_id, type, message, raised_ns, raised_site_id, task_id) VALUES (6, 'ValueError', 'unseen', 6900000, 3, 3);
INSERT INTO failure (failure_id, kind, how, exception_id, parent_kind, parent_id, loop_id, name, created_site_id, raised_site_id, last_site_id,
    stored_ns, stored_handle_count) VALUES (3, 1, 1, 6, 1, 2, 1, 'fails', 2, 3, 3, 7000000, 1);
INSERT INTO reference (object_id, happened_ns, thread_id, sequence, is_taken, site_id, handle_count) VALUES (3, 7000000, 1, 30, 1, 2, 1);
