-- One that ended, one that was abandoned, one that lives, one whose creation is missing, and one whose clock went a bit wrong.
INSERT INTO task (task_id, created_site_id, created_ns, ended_ns, abandoned_ns, busy_ns, ready_ns, outcome) VALUES
    (1, 7, 100, 1100, NULL, 300, 50, 1), (2, 7, 200, NULL, 900, NULL, NULL, NULL), (3, 8, 300, NULL, NULL, NULL, NULL, NULL),
    (4, NULL, NULL, 500, NULL, 10, 20, 2), (5, 8, 400, 500, NULL, 90, 20, 3);
