INSERT INTO gap (thread_id, count, from_ns, to_ns, first_sequence, what, is_vital) VALUES
    (1, 37, 100, 200, 5, 'dropped', 0), ((2 << 40) | 3, 1, 300, NULL, 9, 'in_flight', 0), (2, 4, NULL, 50, 0, 'overwritten', 1);
-- What the thread itself says of the first of them, and of one that is not in question; and what was pruned.
INSERT INTO ring_gap (told_ns, thread_id, sequence, first_ns, count, vital_count) VALUES (200, 1, 42, 150, 37, 3), (250, 1, 50, 240, 1, 1),
    (200, 2, 42, 150, 9, 9);
INSERT INTO pruned (what, why, process_id, count, first_ns, last_ns) VALUES ('stream', 'size', 0, 4096, 0, 77), ('task', 'age', 0, 5, 1, 2),
    ('failure', 'size', 1, 6, 3, 4), ('stream', 'log', 1, 12, 5, 6);
-- Of these only 7 and p1#7 were there before they were asked, and did not answer.
INSERT INTO loop (loop_id, created_ns, asked_ns, dumped_ns) VALUES
    (5, 10, 20, NULL), (6, NULL, 20, 30), (7, NULL, 20, NULL), (8, NULL, NULL, NULL), ((1 << 40) | 7, NULL, 21, NULL);
-- What was before a session, what it did not ask for, and what the process itself did not say.
INSERT INTO gap (thread_id, count, from_ns, to_ns, first_sequence, what, is_vital, detail) VALUES
    (3 << 40, NULL, -9, 0, 0, 'late', 1, NULL), (3 << 40, NULL, 5, 8, 0, 'not_recorded', 1, 'failure_touched, uncancelled');
INSERT INTO process (process_id, uuid, categories, categories_lacking) VALUES (3, X'33', 127, NULL), (4, X'44', 5, 'loop, failure');
-- Children of which nothing is recorded; and a process that had none of these.
INSERT INTO process (process_id, uuid, child_drop_count) VALUES (6, X'66', 3), (7, X'77', 0);
-- What was switched off while the process ran; process 4 had other categories off from the start, which changes nothing.
INSERT INTO process (process_id, uuid, started_ns, categories) VALUES (5, X'55', 0, 511);
INSERT INTO selection (selected_ns, thread_id, sequence, categories, step_every, by) VALUES
    (10, (5 << 40) | 1, 1, 511 - 12, 1, 1), (20, (5 << 40) | 1, 2, 511 - 4 + 1024, 1, 1), (30, (4 << 40) | 1, 1, 5 + 1024, 1, 1);
