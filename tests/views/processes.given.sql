-- Every way in which a process can end, and what is known of it then.
INSERT INTO process (process_id, uuid, pid, parent_pid, host, program, command, started_ns, goodbye_ns, goodbye_reason, gone_ns, is_replaced, exit_status,
    signal, attempt_count, record_count, drop_count, hole_count, board_drop_count, is_balanced) VALUES
    (0, x'00', 100, 1, 'h', '/bin/a', 'a b', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (1, x'01', 101, 100, 'h', '/bin/a', 'a', 10, 900, 1, 950, NULL, NULL, NULL, 10, 9, 1, 0, 2, 1),
    (2, x'02', 102, 100, 'h', '/bin/a', 'a', 10, 900, 1, 950, NULL, 3, NULL, 10, 10, 0, 0, 0, 1),
    (3, x'03', 103, 100, 'h', '/bin/a', 'a', 10, NULL, NULL, 950, NULL, 0, NULL, 10, 10, 0, 0, 0, 1),
    (4, x'04', 104, 100, 'h', '/bin/a', 'a', 10, NULL, NULL, 950, NULL, NULL, 9, 10, 9, 0, 1, 0, 1),
    (5, x'05', 105, 100, 'h', '/bin/a', 'a', 10, NULL, NULL, 950, NULL, NULL, 64, 10, 9, 0, 1, 0, 0),
    (6, x'06', 106, 100, 'h', '/bin/a', 'a', 10, NULL, NULL, 950, NULL, NULL, NULL, 10, 9, 0, 1, 0, 1),
    (7, x'07', 107, 100, 'h', '/bin/a', 'a', 10, 900, 2, NULL, NULL, NULL, NULL, 10, 10, 0, 0, 0, 1),
    (8, x'08', 108, 100, 'h', '/bin/a', 'a', 10, NULL, NULL, 950, 1, 0, NULL, 10, 10, 0, 0, 0, 1);
INSERT INTO task (task_id) VALUES (1), (2), ((1 << 40) | 1), ((2 << 40) - 1), (2 << 40);
INSERT INTO failure (failure_id) VALUES ((1 << 40) | 1);
