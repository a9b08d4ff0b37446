-- A session of LTTng that began when its program had run for 4 s: of what there was it heard by state dumps only, and of 6 not even by these.
INSERT INTO recording (recording_id, uuid, telltale_version, created_realtime_ns, origin_realtime_ns, origin_monotonic_ns, origin_boot_id) VALUES (1, x'00', '0.1.0', 1700000000000000000, 1700000000000000000, 5000000000, x'00');
INSERT INTO process (process_id, uuid, pid, parent_pid, program, started_ns, seen_ns, goodbye_ns, goodbye_reason, gone_ns, exit_status, is_boardless) VALUES
    (0, x'01', 100, 1, '/opt/app', 0, 10000000000, 10000000000, 1, 10000000000, 0, 1);
INSERT INTO thread (thread_id, tid, name) VALUES (1, 100, 'app');
INSERT INTO gap (thread_id, count, from_ns, to_ns, what, is_vital) VALUES (0, NULL, 0, 4000000000, 'late', 1);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 1, 'app.c', 10, 'main', 'start');
INSERT INTO task (task_id, loop_id, parent_kind, created_ns, created_site_id, name, has_handle, started_ns, ended_ns, outcome, busy_ns, ready_ns, step_count, dumped_ns) VALUES
    (2, 1, 0, NULL, 1, 'had begun', NULL, NULL, 8000000000, 1, 1000, 1000, 3, 4000000000),
    (3, 1, 0, NULL, 1, 'began then', NULL, 7000000000, 9000000000, 1, 1000, 1000, 1, 4000000000),
    (4, 1, 0, NULL, 1, 'never began', NULL, NULL, 9000000000, 3, 0, 1000, 0, 4000000000),
    (5, 1, 0, NULL, 1, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 4000000000),
    (6, 1, 0, NULL, 1, 'not told', NULL, NULL, 9000000000, 1, 1000, 1000, 2, NULL),
    (7, 1, 0, 5000000000, 1, 'created then', 1, 6000000000, 9000000000, 1, 1000, 1000, 2, NULL);
INSERT INTO board (task_id, slot, state, wait_kind, since_ns, busy_ns, ready_ns, step_count) VALUES (5, -1, 3, 1, 1000000000, 1000, 1000, 4);
