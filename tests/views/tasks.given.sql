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
-- Waiting for several futures, in each mode, and for what is behind a shield; of the last three the events are missing.
INSERT INTO wait (wait_id, by, by_id, until, child_count, is_for_tasks) VALUES (70, 1, 60, 3, 3, 1), (71, 1, 61, 1, 1, 0), (72, 1, 64, 4, 2, 1);
INSERT INTO shield (shield_id, inner_id) VALUES (73, 2), (74, 77);
INSERT INTO task (task_id, name) VALUES (60, 'first-exception'), (61, 'all'), (62, 'shielded'), (63, 'shielded-future'), (64, 'as-completed'),
    (65, 'wait-unknown'), (66, 'shield-unknown'), (67, 'as-completed-unknown');
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES
    (60, 20, 3, 9, 70, 3, 500, 30, 20, 2), (61, 21, 3, 9, 71, 3, 500, 30, 20, 2), (62, 22, 3, 10, 73, 3, 500, 30, 20, 2),
    (63, 23, 3, 10, 74, 3, 500, 30, 20, 2), (64, 24, 3, 11, 72, 3, 500, 30, 20, 2), (65, 25, 3, 9, 90, 3, 500, 30, 20, 2),
    (66, 26, 3, 10, 91, 3, 500, 30, 20, 2), (67, 27, 3, 11, 92, 3, 500, 30, 20, 2);
-- Process 1, killed: pending, waiting until then. Process 2, exited: the same. Process 3: one task of which the end may be missing, one
-- that the board shows as pending, one that began after the loss.
INSERT INTO task (task_id, created_ns, name_number) VALUES ((1 << 40) | 1, 100, 1), ((2 << 40) | 1, 100, 1), ((3 << 40) | 1, 100, 1), ((3 << 40) | 2, 100, 2),
    ((3 << 40) | 3, 600, 3);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES
    ((1 << 40) | 1, 0, 3, 6, 7, 3, 500, 30, 20, 2), ((2 << 40) | 1, 0, 3, 2, (2 << 40) | 9, 3, 500, 30, 20, 2),
    ((3 << 40) | 2, 0, 2, 0, 0, NULL, 700, 30, 20, 2);
-- In its first step, not suspended yet: it has no slot of the board, and its events say that it runs.
INSERT INTO task (task_id, name, created_ns, started_ns) VALUES (23, 'busy', 100, 150);
-- Waiting for each kind of object for synchronisation; the last one in another process.
INSERT INTO task (task_id, created_ns, name_number) VALUES (30, 100, 30), (31, 100, 31), (32, 100, 32), (33, 100, 33), (34, 100, 34), (35, 100, 35),
    (36, 100, 36), (37, 100, 37), ((1 << 40) | 38, 100, 38);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES
    (30, 30, 3, 13, 80, 3, 500, 30, 20, 2),
    (31, 31, 3, 14, 81, 3, 500, 30, 20, 2),
    (32, 32, 3, 15, 82, 3, 500, 30, 20, 2),
    (33, 33, 3, 16, 83, 3, 500, 30, 20, 2),
    (34, 34, 3, 17, 84, 3, 500, 30, 20, 2),
    (35, 35, 3, 18, 85, 3, 500, 30, 20, 2),
    (36, 36, 3, 19, 85, 3, 500, 30, 20, 2),
    (37, 37, 3, 21, 85, 3, 500, 30, 20, 2),
    ((1 << 40) | 38, 38, 3, 13, (1 << 40) | 80, 3, 500, 30, 20, 2);
-- Work on a thread.
INSERT INTO task (task_id, created_ns, name_number) VALUES (39, 100, 39);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES (39, 39, 3, 20, 86, 3, 500, 30, 20, 2);
-- Waits for a task group, of whose three tasks two are pending; and for one of which nothing is known.
INSERT INTO task (task_id, name, created_ns, started_ns) VALUES (44, 'waits for a group', 100, 110), (45, 'waits for an unknown group', 100, 110);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES
    (44, 44, 3, 12, 90, 3, 500, 30, 20, 2), (45, 45, 3, 12, 91, 3, 500, 30, 20, 2);
INSERT INTO scope (scope_id, kind, task_id) VALUES (90, 6, 44);
INSERT INTO task (task_id, name, created_ns, outcome, ended_ns) VALUES (46, 'member', 100, 1, 200);
INSERT INTO scope_member (task_id, scope_id) VALUES (46, 90), (47, 90), (48, 90);
-- At streams: reading, writing, waiting for the turn to write, looking a name up.
INSERT INTO task (task_id, created_ns, name_number) VALUES (50, 100, 50), (51, 100, 51), (52, 100, 52), (53, 100, 53);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES
    (50, 50, 3, 30, 7, 3, 500, 30, 20, 2), (51, 51, 3, 31, 7, 3, 500, 30, 20, 2), (52, 52, 3, 33, 7, 3, 500, 30, 20, 2), (53, 53, 3, 32, 0, 3, 500, 30, 20, 2);
-- Waiting for a file, a child process, a signal with a name and one without.
INSERT INTO task (task_id, created_ns, name_number) VALUES (101, 100, 101), (103, 100, 103), (104, 100, 104), (105, 100, 105);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES
    (101, 101, 3, 40, 0, 3, 500, 30, 20, 2),
    (103, 103, 3, 42, 4711, 3, 500, 30, 20, 2),
    (104, 104, 3, 43, 15, 3, 500, 30, 20, 2),
    (105, 105, 3, 43, 40, 3, 500, 30, 20, 2);
-- Process 4 has no board, and lost vital events until 500: one task was told before, when it waited, one after.
INSERT INTO process (process_id, uuid, pid, started_ns, seen_ns, goodbye_ns, goodbye_reason, gone_ns, vital_drop_count, vital_drop_last_ns, is_boardless)
    VALUES (4, x'04', 104, 0, 800, 800, 1, NULL, 2, 500, 1);
INSERT INTO task (task_id, created_ns, name_number, dumped_ns) VALUES ((4 << 40) | 1, 100, 1, 400), ((4 << 40) | 2, 100, 2, 600);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns, busy_ns, ready_ns, step_count) VALUES
    ((4 << 40) | 1, -1, 3, 6, 7, 3, 300, 30, 20, 2), ((4 << 40) | 2, -1, 3, 6, 7, 3, 300, 30, 20, 2);
