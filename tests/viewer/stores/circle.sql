-- Tasks that wait for each other: two in a running program, three that a cancellation broke, and tasks that never began.
INSERT INTO recording (recording_id, uuid, telltale_version, created_realtime_ns, origin_realtime_ns, origin_monotonic_ns, origin_boot_id) VALUES (1, x'00', '0.1.0', 1700000000000000000, 1700000000000000000, 5000000000, x'00');
INSERT INTO process (process_id, uuid, pid, parent_pid, program, started_ns, seen_ns, goodbye_ns, goodbye_reason, gone_ns, exit_status) VALUES
    (0, x'01', 100, 1, '/opt/app', 0, 3000000000, NULL, NULL, NULL, NULL), (1, x'02', 101, 1, '/opt/worker', 0, 2000000000, 2000000000, 1, 2000000000, 0);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES
    (1, 1, 'app.c', 10, 'main', 'start'), (2, 2, 'app.c', 20, 'start', 'fetch'), (3, 3, 'app.c', 30, 'fetch', NULL), (4, 4, 'app.c', 40, 'start', 'store'),
    (5, 5, 'app.c', 50, 'store', NULL);
INSERT INTO task (task_id, loop_id, parent_kind, parent_id, created_ns, created_site_id, name, has_handle, started_ns) VALUES
    (2, 1, 0, NULL, 1000000, 1, 'main', 1, 2000000), (3, 1, 1, 2, 10000000, 2, 'fetcher', 1, 11000000), (4, 1, 1, 2, 10000000, 4, 'storer', 1, 11000000);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES
    (2, 1, 3, 1, 0, 1, 12000000, 100, 100, 2), (3, 2, 3, 4, 9, 3, 20000000, 100, 100, 2), (4, 3, 3, 2, 3, 5, 30000000, 100, 100, 2);
INSERT INTO gather (gather_id, created_ns, created_site_id, by, by_id, child_count) VALUES (9, 20000000, 3, 1, 3, 1);
INSERT INTO child (owner_id, told_ns, thread_id, sequence, future_id) VALUES (9, 20000000, 1, 20, 4);
INSERT INTO task (task_id, loop_id, parent_kind, parent_id, created_ns, created_site_id, name, has_handle, started_ns, ended_ns, outcome) VALUES
    ((1 << 40) | 2, 1, 0, NULL, 1000000, 1, 'main', 1, 2000000, 1800000000, 1), ((1 << 40) | 3, 1, 1, (1 << 40) | 2, 10000000, 2, 'one', 1, 11000000, 900000000, 3),
    ((1 << 40) | 4, 1, 1, (1 << 40) | 2, 10000000, 2, 'two', 1, 11000000, 900000000, 3), ((1 << 40) | 5, 1, 1, (1 << 40) | 2, 10000000, 4, 'three', 1, 11000000, 900000000, 3),
    ((1 << 40) | 6, 1, 1, (1 << 40) | 2, 1700000000, 4, 'too late', 1, NULL, NULL, NULL), ((1 << 40) | 7, 1, 1, (1 << 40) | 2, 1700000000, 4, 'too late, too', 1, NULL, NULL, NULL);
INSERT INTO cycle_member (cycle_id, broken_ns, thread_id, sequence, task_id, awaited_id, wait_kind, wait_object, site_id) VALUES
    ((1 << 40) | 50, 800000000, 1, 1, (1 << 40) | 5, (1 << 40) | 3, 2, (1 << 40) | 3, 5), ((1 << 40) | 50, 800000000, 1, 2, (1 << 40) | 4, (1 << 40) | 5, 2, (1 << 40) | 5, 3),
    ((1 << 40) | 50, 800000000, 1, 3, (1 << 40) | 3, (1 << 40) | 4, 2, (1 << 40) | 4, 3);
