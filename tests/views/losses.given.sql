INSERT INTO gap (thread_id, count, from_ns, to_ns, first_sequence, what, is_vital) VALUES
    (1, 37, 100, 200, 5, 'dropped', 0), ((2 << 40) | 3, 1, 300, NULL, 9, 'in_flight', 0), (2, 4, NULL, 50, 0, 'overwritten', 1);
