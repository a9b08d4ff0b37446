-- A read, an accept that gave another descriptor, a failed connection, one that has only begun, a write that was cut off, a name that was not found, a file that was sent and one that was renamed; in two processes.
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 11, 'a.c', 1, 'work', NULL);
INSERT INTO task (task_id, name) VALUES (20, 'busy'), ((1 << 40) | 5, 'other');
INSERT INTO io (io_id, task_id, what, descriptor, site_id, size, started_ns, finished_ns, status, byte_count, error, name) VALUES
    (1, 20, 1, 7, 1, 4096, 100, 150, 1, 64, NULL, NULL), (2, 20, 3, 9, 1, 0, 200, 260, 1, 0, NULL, NULL), (3, 21, 4, 8, 1, 0, 300, 310, 2, 0, 111, NULL),
    (4, 20, 1, 7, 1, 4096, 400, NULL, NULL, NULL, NULL, NULL), ((1 << 40) | 5, (1 << 40) | 5, 2, 6, NULL, 100, 500, 600, 3, 40, NULL, NULL),
    (6, 20, 5, -1, NULL, 0, 700, 800, 2, 0, -2, 'no.such.host'),
    (7, 20, 11, 7, 1, 8192, 900, 950, 1, 8000, NULL, NULL), (8, 20, 12, -1, NULL, 0, 960, 970, 2, 0, 2, 'a -> b');
-- Two that began before events were lost, of which one has ended, and one that began after that; the same where the category was switched off.
INSERT INTO process (process_id, uuid, categories) VALUES (2, x'02', 1023), (3, x'03', 1023);
INSERT INTO gap (thread_id, count, from_ns, to_ns, first_sequence, what) VALUES ((2 << 40) | 1, 3, 10, 30, 7, 'dropped');
INSERT INTO selection (selected_ns, thread_id, sequence, categories, step_every, by) VALUES (20, (3 << 40) | 1, 1, 511, 1, 1), (40, (3 << 40) | 1, 2, 1023, 1, 1);
INSERT INTO io (io_id, task_id, what, descriptor, size, started_ns, finished_ns, status, byte_count) VALUES
    ((2 << 40) | 1, (2 << 40) | 9, 1, 7, 10, 8, NULL, NULL, NULL), ((2 << 40) | 2, (2 << 40) | 9, 1, 7, 10, 9, 40, 1, 5), ((2 << 40) | 3, (2 << 40) | 9, 1, 7, 10, 35, NULL, NULL, NULL),
    ((3 << 40) | 1, (3 << 40) | 9, 1, 7, 10, 8, NULL, NULL, NULL), ((3 << 40) | 2, (3 << 40) | 9, 1, 7, 10, 9, 50, 1, 5), ((3 << 40) | 3, (3 << 40) | 9, 1, 7, 10, 45, NULL, NULL, NULL);
