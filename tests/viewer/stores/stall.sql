-- A task that blocks its loop: 4 was created meanwhile and could not begin, the cancellation of 5 could not reach it, 6 had its turn before and was
-- not touched, 7 lives in another loop, 8 was ready when the process was killed in the second stall.
INSERT INTO recording (recording_id, uuid, telltale_version, created_realtime_ns, origin_realtime_ns, origin_monotonic_ns, origin_boot_id) VALUES (1, x'00', '0.1.0', 1700000000000000000, 1700000000000000000, 5000000000, x'00');
INSERT INTO process (process_id, uuid, pid, program, started_ns, seen_ns, gone_ns, signal, attempt_count, record_count) VALUES (0, x'00', 1, '/opt/app', 0, 3000000000, 3000000000, 9, 9, 9);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 1, 'app.c', 10, 'main', 'serve'), (2, 2, 'app.c', 20, 'serve', 'client'), (3, 3, 'app.c', 30, 'client', NULL);
INSERT INTO task (task_id, loop_id, parent_kind, parent_id, created_ns, created_site_id, name, has_handle, started_ns, ended_ns, outcome, busy_ns, ready_ns, step_count) VALUES
    (2, 1, 0, NULL, 1000000, 1, 'main', 1, 1100000, NULL, NULL, NULL, NULL, NULL),
    (3, 1, 1, 2, 100000000, 2, 'blocks', 1, 100100000, 700000000, 1, 590000000, 1000000, 2),
    (4, 1, 1, 3, 200000000, 2, 'late', 1, 600100000, 601000000, 1, 800000, 400100000, 1),
    (5, 1, 1, 2, 110000000, 2, 'cancelled', 1, 110100000, 602000000, 3, 10000, 10000, 2),
    (6, 1, 1, 2, 120000000, 2, 'waits', 1, 120100000, NULL, NULL, NULL, NULL, NULL),
    (7, 2, 4, 99, 200000000, 2, 'elsewhere', 1, 650000000, 660000000, 1, 10000, 10000, 1),
    (8, 1, 1, 2, 130000000, 2, 'ready', 1, 131000000, NULL, NULL, NULL, NULL, NULL);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES
    (2, 0, 2, 0, NULL, NULL, 2000000000, 1000000, 1000, 3), (6, 1, 3, 1, NULL, 3, 121000000, 1000, 1000, 1), (8, 2, 1, 0, NULL, NULL, 2500000000, 1000, 1000, 2);
INSERT INTO cancellation (task_id, requested_ns, thread_id, sequence, by, by_id, site_id, is_accepted, request_count) VALUES (5, 300000000, 1, 1, 4, 77, 2, 1, 1);
INSERT INTO cancellation_effect (task_id, happened_ns, thread_id, sequence, what, site_id, is_before_start) VALUES (5, 601500000, 1, 2, 'delivered', 3, 0);
INSERT INTO stall (ended_ns, thread_id, sequence, loop_id, duration_ns, by, by_id, site_id, end_site_id) VALUES
    (600000000, 1, 60, 1, 499000000, 1, 3, 2, 3), (2990000000, 1, 61, 1, 990000000, 1, 2, 1, NULL), (900000000, 1, 62, 1, 30000000, 2, NULL, 2, NULL);
