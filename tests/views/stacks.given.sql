-- An exception and a task with the same stack, an exception for whose stack there was no room, one of which none was asked for, and
-- one whose stack is not defined.
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 11, 'server.c', 58, 'fetch', NULL), (2, 12, 'server.c', 70, 'serve', 'fetch'),
    (5, 15, '', NULL, NULL, NULL);
INSERT INTO stack (stack_id, call_count, is_cut) VALUES (5, 3, 1);
INSERT INTO exception (exception_id, type, raised_site_id, stack_id) VALUES
    (10, 'ValueError', 1, 5), (11, 'ValueError', 1, 0), (12, 'ValueError', 1, NULL), (13, 'ValueError', NULL, 6);
INSERT INTO task (task_id, created_site_id, stack_id) VALUES (20, 2, 5), (21, 2, NULL);
