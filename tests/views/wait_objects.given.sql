-- Tasks with a name, with the default one and with none, and one of another process; waits; shields of a task, of a future, of nothing that
-- is known. One word of a signal.
INSERT INTO task (task_id, name, name_number) VALUES (1, 'main', NULL), (2, NULL, 7), (3, NULL, NULL), (1099511627780, 'far', NULL);
INSERT INTO wait (wait_id, until, child_count, is_for_tasks) VALUES (10, 3, 3, 1), (11, 4, 1, 0), (12, NULL, NULL, NULL);
INSERT INTO shield (shield_id, inner_id) VALUES (20, 1), (21, 99), (22, NULL);
DELETE FROM word WHERE enumeration = 'signal' AND word <> 'SIGTERM';
