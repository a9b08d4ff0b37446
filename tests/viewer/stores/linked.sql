-- Two hosts: a request of process 0 on host a caused what a task of process 1 on host b does, and what the main program of process 2 does,
-- which was started for it; the same task of process 1 caused something in process 0.
INSERT INTO recording (recording_id, uuid, telltale_version, created_realtime_ns, origin_realtime_ns, origin_monotonic_ns, origin_boot_id) VALUES (1, x'00', '0.1.0', 1700000000000000000, 1700000000000000000, 5000000000, x'00');
INSERT INTO process (process_id, uuid, pid, parent_pid, host, program, started_ns, seen_ns, gone_ns, exit_status, goodbye_ns, goodbye_reason) VALUES
    (0, x'0102030405060708aaaaaaaaaaaaaaaa', 100, 1, 'a', '/opt/front', 0, 900000000, 900000000, 0, 900000000, 1),
    (1, x'1112131415161718bbbbbbbbbbbbbbbb', 200, 1, 'b', '/opt/back', 1000000, 900000000, 900000000, 0, 900000000, 1),
    (2, x'2122232425262728cccccccccccccccc', 300, 100, 'a', '/opt/helper', 20000000, 900000000, 900000000, 0, 900000000, 1);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 1, 'front.c', 10, 'main', 'request'), (2, 2, 'back.c', 20, 'listen', 'serve'),
    (3, 3, 'back.c', 31, 'serve', NULL), (4, 4, 'helper.c', 5, 'main', 'help');
INSERT INTO task (task_id, loop_id, parent_kind, parent_id, created_ns, created_site_id, name, has_handle, started_ns, ended_ns, outcome,
    busy_ns, ready_ns, longest_step_ns, step_count) VALUES
    (3, 1, 0, NULL, 10000000, 1, 'request', 1, 11000000, 80000000, 1, 3000, 4000, 900, 2),
    (4, 1, 0, NULL, 60000000, 1, 'answer', 1, 61000000, 70000000, 1, 3000, 4000, 900, 2),
    ((1 << 40) | 2, (1 << 40) | 1, 2, NULL, 30000000, 2, 'serving', 1, 31000000, 62000000, 1, 3000, 4000, 900, 2),
    ((2 << 40) | 2, (2 << 40) | 1, 0, NULL, 25000000, 4, 'helping', 1, 26000000, 50000000, 1, 3000, 4000, 900, 2);
INSERT INTO link (task_id, linked_ns, cause_arena, cause_lttng, cause_task_id, site_id) VALUES
    ((1 << 40) | 2, 32000000, x'0102030405060708', x'0000000000000000', 3, 3),
    (2 << 40, 20000000, x'0102030405060708', x'0000000000000000', 3, NULL),
    (4, 60500000, x'0000000000000000', x'1112131415161718', 2, 1);
