-- A group with a nested group in it; a member that was never raised, and one of which only its place is known.
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 11, 'server.c', 58, 'fetch', NULL);
INSERT INTO exception (exception_id, type, message, raised_ns, raised_site_id, task_id, cause_id, context_id) VALUES
    (10, 'ExceptionGroup', 'outer (3 sub-exceptions)', 100, 1, 2, NULL, NULL), (11, 'ValueError', 'a', 90, 1, 3, NULL, NULL),
    (12, 'ExceptionGroup', 'inner (1 sub-exception)', NULL, NULL, NULL, NULL, NULL), (13, 'KeyError', 'b', NULL, NULL, NULL, NULL, NULL);
INSERT INTO exception_member (group_id, told_ns, thread_id, sequence, position, member_id) VALUES
    (10, 100, 1, 5, 0, 11), (10, 100, 1, 6, 1, 12), (10, 100, 1, 7, 2, 14), (12, 100, 1, 8, 0, 13);
