-- A server that hangs. 2 gathers 3, 4 and waits; 3 and 4 wait for 5; 5 waits for a lock; 6, 7, 8 wait for each other in a circle, and 9 waits for 7;
-- 10 and 11 wait for one another with time limits.
INSERT INTO recording (recording_id, uuid, telltale_version, created_realtime_ns, origin_realtime_ns, origin_monotonic_ns, origin_boot_id) VALUES (1, x'00', '0.1.0', 1700000000000000000, 1700000000000000000, 5000000000, x'00');
INSERT INTO process (process_id, uuid, pid, program, started_ns, seen_ns, gone_ns, signal, attempt_count, record_count) VALUES (0, x'00', 1, '/opt/app', 0, 9000000000, 9000000000, 15, 9, 9);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 1, 'app.c', 10, 'main', 'serve'), (2, 2, 'app.c', 20, 'serve', 'work'), (3, 3, 'app.c', 30, 'work', NULL);
INSERT INTO task (task_id, loop_id, parent_kind, parent_id, created_ns, created_site_id, name, has_handle, started_ns) VALUES
    (2, 1, 0, NULL, 1000000, 1, 'main', 1, 1100000), (3, 1, 1, 2, 2000000, 2, 'left', 1, 2100000), (4, 1, 1, 2, 2200000, 2, 'right', 1, 2300000),
    (5, 1, 1, 2, 2400000, 2, 'shared', 1, 2500000), (6, 1, 1, 2, 3000000, 2, 'a', 1, 3100000), (7, 1, 1, 2, 3200000, 2, 'b', 1, 3300000),
    (8, 1, 1, 2, 3400000, 2, 'c', 1, 3500000), (9, 1, 1, 2, 3600000, 2, 'd', 1, 3700000), (10, 1, 1, 2, 3800000, 2, 'e', 1, 3900000),
    (11, 1, 1, 2, 4000000, 2, 'f', 1, 4100000), (12, 1, 1, 2, 4200000, 2, 'new', 1, NULL);
INSERT INTO task (task_id, loop_id, parent_kind, parent_id, created_ns, created_site_id, name, has_handle, started_ns, ended_ns, outcome) VALUES
    (13, 1, 1, 2, 4300000, 2, 'done', 1, 4400000, 5000000, 1);
INSERT INTO gather VALUES (50, 2500000, 2, 1, 2, 3, 0);
INSERT INTO child (owner_id, told_ns, thread_id, sequence, future_id) VALUES (50, 2500000, 1, 1, 3), (50, 2500000, 1, 2, 4), (50, 2500000, 1, 3, 13);
INSERT INTO scope (scope_id, kind, task_id, entered_ns, deadline_ns) VALUES (60, 8, 10, 4000000, 99000000000), (61, 8, 11, 4000000, 99000000000);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES
    (2, 0, 3, 4, 50, 2, 6000000, 1, 1, 1), (3, 1, 3, 2, 5, 3, 5000000, 1, 1, 1), (4, 2, 3, 2, 5, 3, 5100000, 1, 1, 1), (5, 3, 3, 13, 70, 3, 5200000, 1, 1, 1),
    (6, 4, 3, 2, 7, 3, 6000000, 1, 1, 1), (7, 5, 3, 2, 8, 3, 6000000, 1, 1, 1), (8, 6, 3, 2, 6, 3, 8000000000, 1, 1, 1), (9, 7, 3, 2, 7, 3, 6000000, 1, 1, 1),
    (10, 8, 3, 2, 11, 3, 6000000, 1, 1, 1), (11, 9, 3, 2, 10, 3, 6000000, 1, 1, 1), (12, 10, 1, 0, NULL, NULL, 4200000, 0, 0, 0);
