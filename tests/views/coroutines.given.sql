-- A hundred tasks of "many" that lived 1 to 100 us; one each of the other outcomes; one of which nothing is known but that it is.
INSERT INTO process (process_id, uuid, started_ns, seen_ns) VALUES (0, x'00', 0, 5000000);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 1, 'a.c', 1, 'main', 'many'), (2, 2, 'a.c', 2, 'main', 'few');
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
INSERT INTO task (task_id, created_ns, created_site_id, started_ns, ended_ns, outcome, busy_ns, ready_ns, longest_step_ns)
    SELECT i, 1000000, 1, 1000000 + (101 - i) * 10, 1000000 + i * 1000, 1, 100, 10, i FROM n;
INSERT INTO task (task_id, created_ns, created_site_id, name, started_ns, ended_ns, abandoned_ns, outcome, busy_ns, ready_ns) VALUES
    (201, 100, 2, 'fails', 200, 1100, NULL, 2, 50, 50), (202, 100, 2, 'cancelled', NULL, 2100, NULL, 3, 0, 0),
    (203, 100, 2, 'left', 300, NULL, 4000000, NULL, NULL, NULL), (204, 100, 2, 'pending', NULL, NULL, NULL, NULL, NULL, NULL), (205, 100, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO board (task_id, slot, state, since_ns, busy_ns, ready_ns, step_count) VALUES (204, 1, 1, 100, 0, 0, 0);
