-- Process 0 runs; 1 was killed at 800; 3 was killed at 800 and lost vital events until 500.
INSERT INTO process (process_id, uuid, pid, started_ns, seen_ns, gone_ns, vital_drop_count, vital_drop_last_ns) VALUES
    (0, x'00', 100, 0, 1000, NULL, 0, NULL), (1, x'01', 101, 0, 800, 800, 0, NULL), (3, x'03', 103, 0, 800, 800, 2, 500);
-- Ended in each way; the loop was closed over one; the end of one that failed is missing.
INSERT INTO task (task_id, created_ns, started_ns, ended_ns, outcome, abandoned_ns) VALUES
    (1, 100, 110, 200, 1, NULL), (2, 100, 110, 200, 2, NULL), (3, 100, 110, 200, 3, NULL), (4, 100, 110, NULL, NULL, 300),
    (5, 100, 110, NULL, NULL, NULL);
INSERT INTO failure (failure_id, stored_ns) VALUES (2, 200), (5, 250);
-- Not ended: it waits, nothing is known of it but its creation, its process was killed; where events were lost after its creation,
-- where the board has it all the same, and where it is younger than the loss.
INSERT INTO task (task_id, created_ns) VALUES (6, 100), (7, 100), ((1 << 40) | 1, 100), ((3 << 40) | 1, 100), ((3 << 40) | 2, 100),
    ((3 << 40) | 3, 600);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, since_ns, busy_ns, ready_ns, step_count) VALUES
    (6, 0, 3, 1, 0, 400, 30, 20, 2), ((3 << 40) | 2, 1, 3, 1, 0, 400, 30, 20, 2);
