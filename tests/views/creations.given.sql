-- Created by the main program, by a task, by a task of which nothing is known, by a callback; and what no store of ours
-- says: by itself, and two by one another.
INSERT INTO task (task_id, parent_kind, parent_id, created_ns) VALUES
    (1, 0, NULL, 10), (2, 1, 1, 20), (3, 1, 99, 30), (4, 2, NULL, 40), ((1 << 40) | 1, 1, (1 << 40), 3), (1 << 40, 3, 1, 5), (5, 1, 5, 50), (6, 1, 7, 60), (7, 1, 6, 70);
