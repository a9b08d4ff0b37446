-- Two kinds: one on two lines of a function with lives of 10 to 400 ns, one that did not end; and a task of which nothing is known.
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 11, 'a.c', 1, 'main', 'work'), (2, 12, 'a.c', 2, 'main', 'work'), (3, 13, 'a.c', 2, 'other', 'work');
INSERT INTO task (task_id, created_ns, created_site_id, started_ns, ended_ns, outcome, abandoned_ns) VALUES
    (2, 100, 1, 101, 110, 1, NULL), (3, 100, 2, 101, 120, 1, NULL), (4, 100, 1, 101, 500, 2, NULL), (5, 100, 2, 101, 150, 3, NULL), (6, 100, 1, 101, NULL, NULL, 900),
    (7, 100, 3, NULL, NULL, NULL, NULL), (8, NULL, NULL, NULL, NULL, NULL, NULL);
