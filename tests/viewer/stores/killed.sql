-- An echo server that was killed: three failures of one kind whose handles a list held, and two tasks that waited.
INSERT INTO recording (recording_id, uuid, telltale_version, created_realtime_ns, origin_realtime_ns, origin_monotonic_ns, origin_boot_id) VALUES (1, x'00112233445566778899aabbccddeeff', '0.1.0', 1700000000000000000, 1700000000000000000, 5000000000, x'00');
INSERT INTO process (process_id, uuid, pid, parent_pid, host, program, command, started_ns, seen_ns, gone_ns, signal, attempt_count, record_count)
    VALUES (0, x'01', 4711, 4710, 'host', '/opt/server/echo_server', 'echo_server --hold', 0, 12390000000, 12400000000, 9, 60, 60);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES
    (1, 1, 'examples/echo_server.c', 90, 'main', 'serve'),
    (2, 2, 'examples/echo_server.c', 58, 'listen_for_connections', 'echo'),
    (3, 3, 'examples/echo_server.c', 31, 'echo', NULL),
    (4, 4, 'examples/echo_server.c', 60, 'listen_for_connections', NULL),
    (5, 5, 'examples/echo_server.c', 52, 'listen_for_connections', NULL),
    (6, 6, 'examples/echo_server.c', 27, 'echo', NULL);
INSERT INTO loop (loop_id, created_ns, created_site_id, started_ns) VALUES (1, 1000000, 1, 2000000);
INSERT INTO task (task_id, loop_id, parent_kind, parent_id, created_ns, created_site_id, name, has_handle, started_ns, ended_ns, outcome,
    busy_ns, ready_ns, longest_step_ns, step_count) VALUES
    (2, 1, 0, NULL, 2000000, 1, 'serve', 1, 2100000, NULL, NULL, NULL, NULL, NULL, NULL),
    (17, 1, 1, 2, 1100000000, 2, 'client-3', 1, 1100100000, 1204000000, 2, 1500000, 20000, 800000, 4),
    (21, 1, 1, 2, 5000000000, 2, 'client-4', 1, 5000100000, 6000000000, 2, 1500000, 20000, 800000, 4),
    (33, 1, 1, 2, 9000000000, 2, 'client-5', 1, 9000100000, 9871000000, 2, 1500000, 20000, 800000, 4),
    (40, 1, 1, 2, 10000000000, 2, NULL, 1, 10000100000, NULL, NULL, NULL, NULL, NULL, NULL),
    (41, 1, 1, 2, 500000000, 2, 'client-1', 1, 500100000, 900000000, 1, 400000, 9000, 200000, 3);
UPDATE task SET name_number = 6 WHERE task_id = 40;
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES
    (2, 0, 3, 5, 5, 5, 10000200000, 3000000, 60000, 6),
    (40, 1, 3, 6, 9, 6, 10100000000, 200000, 5000, 2);
INSERT INTO exception (exception_id, type, message, raised_ns, raised_site_id, task_id) VALUES
    (18, 'Exception', 'Unexpected network error', 1203900000, 3, 17),
    (22, 'Exception', 'Unexpected network error', 5999900000, 3, 21),
    (34, 'Exception', 'Unexpected network error', 9870900000, 3, 33);
INSERT INTO failure (failure_id, kind, how, exception_id, parent_kind, parent_id, loop_id, name, created_site_id, raised_site_id, last_site_id,
    stored_ns, stored_handle_count) VALUES
    (17, 1, 1, 18, 1, 2, 1, 'client-3', 2, 3, 3, 1204000000, 1),
    (21, 1, 1, 22, 1, 2, 1, 'client-4', 2, 3, 3, 6000000000, 1),
    (33, 1, 1, 34, 1, 2, 1, 'client-5', 2, 3, 3, 9871000000, 1);
INSERT INTO reference (object_id, happened_ns, thread_id, sequence, is_taken, site_id, handle_count) VALUES
    (17, 1204000000, 1, 20, 1, 4, 1), (21, 6000000000, 1, 30, 1, 4, 1), (33, 9871000000, 1, 40, 1, 4, 1);
