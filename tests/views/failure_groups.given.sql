-- Two kinds: three that differ in numbers only, of which the first one is not the one with the smallest id; one of another place, of which
-- no time is known.
INSERT INTO process (process_id, uuid, started_ns, goodbye_ns, goodbye_reason) VALUES (0, x'00', 0, 9000, 1);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 1, 'a.c', 1, 'main', 'work'), (2, 2, 'a.c', 2, 'work', NULL), (3, 3, 'a.c', 3, 'work', NULL);
INSERT INTO exception (exception_id, type, message, pattern) VALUES (101, 'E', 'at 1', 'at N'), (102, 'E', 'at 2', 'at N'), (103, 'E', 'at 3', 'at N'), (104, 'E', 'at 4', 'at N');
INSERT INTO failure (failure_id, kind, how, exception_id, created_site_id, raised_site_id, name, stored_ns, stored_handle_count, released_ns, is_loop_closed,
    is_retrieved, user_touch_count, library_touch_count, forward_count) VALUES
    (1, 1, 1, 101, 1, 2, 'one', 300, 0, 400, 0, 0, 0, 0, 0), (2, 1, 1, 102, 1, 2, 'two', 200, 0, 400, 0, 1, 1, 0, 0),
    (3, 1, 1, 103, 1, 2, 'three', 500, 0, 600, 0, 0, 0, 0, 0), (4, 1, 1, 104, 1, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
