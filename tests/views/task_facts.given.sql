-- Process 0 runs and was seen last at 1000; 1 was killed at 800; 2 exited at 900; 3 was killed at 800 and lost vital events until 500.
INSERT INTO process (process_id, uuid, pid, started_ns, seen_ns, goodbye_ns, goodbye_reason, gone_ns, vital_drop_count, vital_drop_last_ns) VALUES
    (0, x'00', 100, 0, 1000, NULL, NULL, NULL, 0, NULL),
    (1, x'01', 101, 0, 800, NULL, NULL, 800, 0, NULL),
    (2, x'02', 102, 0, 900, 900, 1, 950, 0, NULL),
    (3, x'03', 103, 0, 800, NULL, NULL, 800, 2, 500);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES
    (1, 11, 'server.c', 58, 'listen', 'echo'), (2, 12, 'server.c', 70, 'main', 'listen'), (3, 13, 'server.c', 33, 'echo', NULL),
    (4, 14, NULL, NULL, NULL, NULL);

-- Ended, in each way, created by each kind of code.
INSERT INTO task (task_id, loop_id, parent_kind, parent_id, created_ns, created_site_id, name, name_number, new_name, has_handle, started_ns,
    ended_ns, outcome, busy_ns, ready_ns, longest_step_ns, step_count) VALUES
    (2, 1, 0, NULL, 100, 2, 'main', NULL, NULL, 1, 110, 600, 1, 50, 20, 30, 3),
    (3, 1, 1, 2, 200, 1, NULL, 1, NULL, 0, 210, 300, 2, 40, 10, 40, 1),
    (4, 1, 3, 15, 200, 1, NULL, 2, 'stopper', 1, NULL, 210, 3, 0, 10, 0, 0),
    (5, 1, 2, NULL, 200, 4, NULL, 3, NULL, 1, 210, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO task (task_id, loop_id, parent_kind, parent_id, created_ns, created_site_id, name_number, has_handle, started_ns, abandoned_ns,
    wait_kind, wait_object, wait_site_id) VALUES
    (6, 1, 4, 4711, 200, 1, 4, 1, 210, 500, 6, 0, 3),
    (7, 1, 1, 99, 200, 1, 5, 1, NULL, 500, 0, 0, NULL);
INSERT INTO failure (failure_id, stored_ns) VALUES (3, 300);
-- On the board of the living process: ready, running, waiting for each kind of thing, done.
INSERT INTO task (task_id, created_ns, name_number) VALUES (10, 100, 10), (11, 100, 11), (12, 100, 12), (13, 100, 13), (14, 100, 14), (15, 100, 15),
    (16, 100, 16), (17, 100, 17), (18, 100, 18), (19, 100, 19);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES
    (5, 0, 3, 1, 0, 3, 400, 30, 20, 2),
    (10, 1, 1, 0, 0, NULL, 900, 30, 20, 2),
    (11, 2, 2, 0, 0, NULL, 950, 30, 20, 2),
    (12, 3, 3, 2, 3, 3, 500, 30, 20, 2),
    (13, 4, 3, 3, 77, 3, 500, 30, 20, 2),
    (14, 5, 3, 4, 78, 3, 500, 30, 20, 2),
    (15, 6, 3, 5, 3, 3, 500, 30, 20, 2),
    (16, 7, 3, 7, 8, 3, 500, 30, 20, 2),
    (17, 8, 3, 8, 9, 3, 500, 30, 20, 2),
    (18, 9, 4, 0, 0, NULL, 500, 30, 20, 2);
-- Process 1, killed: pending, waiting until then. Process 2, exited: the same. Process 3: one task of which the end may be missing, one
-- that the board shows as pending, one that began after the loss.
INSERT INTO task (task_id, created_ns, name_number) VALUES ((1 << 40) | 1, 100, 1), ((2 << 40) | 1, 100, 1), ((3 << 40) | 1, 100, 1), ((3 << 40) | 2, 100, 2),
    ((3 << 40) | 3, 600, 3);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES
    ((1 << 40) | 1, 0, 3, 6, 7, 3, 500, 30, 20, 2), ((2 << 40) | 1, 0, 3, 2, (2 << 40) | 9, 3, 500, 30, 20, 2),
    ((3 << 40) | 2, 0, 2, 0, 0, NULL, 700, 30, 20, 2);
-- Process 4 has no board, and lost vital events until 500: one task was told before, when it waited, one after.
INSERT INTO process (process_id, uuid, pid, started_ns, seen_ns, goodbye_ns, goodbye_reason, gone_ns, vital_drop_count, vital_drop_last_ns, is_boardless)
    VALUES (4, x'04', 104, 0, 800, 800, 1, NULL, 2, 500, 1);
INSERT INTO task (task_id, created_ns, name_number, dumped_ns) VALUES ((4 << 40) | 1, 100, 1, 400), ((4 << 40) | 2, 100, 2, 600);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES
    ((4 << 40) | 1, -1, 3, 6, 7, 3, 300, 30, 20, 2), ((4 << 40) | 2, -1, 3, 6, 7, 3, 300, 30, 20, 2);
