-- Process 0: io from 10 to 20 by itself, failure off at 30 from outside, on at 40, other steps than before at 50 and 60 (which
-- has the same of all that it says twice). Process 1: nothing selected. Process 2: cancel was off at the start, and nothing but user changed.
-- Process 3: vital events alone from 5 on.
INSERT INTO process (process_id, uuid, started_ns, categories, step_every) VALUES
    (0, x'00', 1, 511, 1), (1, x'01', 1, 511, 1), (2, x'02', 2, 511 - 16, 1), (3, x'03', 3, 511, 1);
INSERT INTO selection (selected_ns, thread_id, sequence, categories, step_every, by) VALUES
    (10, 1, 1, 511 + 512, 1, 1), (20, 1, 2, 511, 1, 1), (40, 2, 1, 511, 1, 2), (30, 1, 3, 511 - 8, 1, 2),
    (50, 1, 4, 511 + 1024, 10, 1), (60, 1, 5, 511 + 1024, 1, 1), (60, 1, 6, 511 + 1024, 1, 1),
    (7, (2 << 40) | 1, 1, 511 - 16 - 128, 1, 1), (5, (3 << 40) | 1, 1, 511 + (1 << 28), 1, 1);
