-- A program that emitted faster than the recorder could read: some of what it did is not known.
INSERT INTO recording (recording_id, uuid, telltale_version, created_realtime_ns, origin_realtime_ns, origin_monotonic_ns, origin_boot_id) VALUES (1, x'00', '0.1.0', 1700000000000000000, 1700000000000000000, 5000000000, x'00');
INSERT INTO process (process_id, uuid, pid, parent_pid, program, started_ns, seen_ns, goodbye_ns, goodbye_reason, gone_ns, exit_status,
    attempt_count, record_count, drop_count, hole_count, vital_drop_count, vital_drop_last_ns) VALUES
    (0, x'01', 100, 1, '/opt/app', 0, 13000000000, 13000000000, 1, 13100000000, 0, 100, 62, 37, 1, 3, 12340000000);
INSERT INTO thread (thread_id, tid, name) VALUES (1, 100, 'app');
INSERT INTO gap (thread_id, count, from_ns, to_ns, first_sequence, what, is_vital) VALUES
    (1, 30, 12301000000, 12310000000, 10, 'dropped', 1), (1, 7, 12320000000, 12340000000, 50, 'dropped', 0), (1, 1, 12900000000, NULL, 99, 'in_flight', 0);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 1, 'app.c', 10, 'main', 'start');
INSERT INTO task (task_id, loop_id, parent_kind, created_ns, created_site_id, name, has_handle, started_ns) VALUES
    (2, 1, 0, 1000000, 1, 'first', 1, 2000000), (3, 1, 0, 1000000, 1, 'second', 1, NULL);
