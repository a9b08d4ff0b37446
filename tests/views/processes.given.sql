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
    (8, x'08', 108, 100, 'h', '/bin/a', 'a', 10, NULL, NULL, 950, 1, 0, NULL, 10, 10, 0, 0, 0, 1),
    (9, x'09', 109, 100, 'h', '/bin/a', 'a', 10, NULL, NULL, NULL, NULL, NULL, NULL, 10, 10, 0, 0, 0, 0);
-- How the first one was recorded, how long its threads waited; how the wall clock was set while the second one ran.
UPDATE process SET ring_bytes = 65536, ring_policy = 2, block_ms = 20, categories = 1029, step_every = 100, is_redacted = 1 WHERE process_id = 0;
UPDATE process SET ring_bytes = 8388608, ring_policy = 1, categories = 5, step_every = 1, is_redacted = 0, started_realtime_ns = 5010 WHERE process_id = 1;
UPDATE process SET started_realtime_ns = 7010 WHERE process_id = 2;
INSERT INTO thread (thread_id, wait_ns) VALUES (1, 100), (2, 11), (1 << 40, 5);
INSERT INTO clock_sample (sampled_ns, thread_id, sequence, monotonic_ns, realtime_ns, boottime_ns, why) VALUES
    (800, (1 << 40) | 1, 9, 800, 9800, 800, 2), (100, (1 << 40) | 1, 5, 100, 5100, 100, 1), (901, (1 << 40) | 1, 10, 901, 1, 901, 2);
INSERT INTO task (task_id) VALUES (1), (2), ((1 << 40) | 1), ((2 << 40) - 1), (2 << 40);
INSERT INTO failure (failure_id) VALUES ((1 << 40) | 1);
