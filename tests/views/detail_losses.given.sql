-- A process that lost events for a while, one whose end is missing, one killed in the middle of a record, one that selected anew while it ran, one that went
-- down to vital events and came back, and one of which nothing is missing.
INSERT INTO process (process_id, uuid, categories) VALUES (0, x'00', 8191), (1, x'01', 8191), (2, x'02', 8191), (3, x'03', 8191), (4, x'04', 8191), (5, x'05', 8191);
INSERT INTO gap (thread_id, count, from_ns, to_ns, first_sequence, what) VALUES (1, 5, 10, 30, 4, 'dropped'), (2, 5, 10, 20, 4, 'dropped'),
    ((1 << 40) | 1, 5, 10, 20, 4, 'dropped'), ((1 << 40) | 1, NULL, 50, NULL, NULL, 'cut_off'), ((2 << 40) | 1, 1, 60, NULL, 9, 'in_flight');
INSERT INTO selection (selected_ns, thread_id, sequence, categories, step_every, by) VALUES (100, (3 << 40) | 1, 1, 8191 - 512, 1, 1),
    (110, (3 << 40) | 1, 2, 8191, 1, 1), (120, (3 << 40) | 1, 3, 8191 - 4096, 1, 2), (200, (4 << 40) | 1, 1, 8191 | (1 << 28), 1, 1), (210, (4 << 40) | 1, 2, 8191, 1, 1);
