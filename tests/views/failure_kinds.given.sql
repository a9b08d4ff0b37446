-- Two failures of one kind on two lines, one of another, one of which nothing is known.
INSERT INTO process (process_id, uuid, started_ns, seen_ns, goodbye_ns, goodbye_reason) VALUES (0, x'00', 0, 900, 900, 1);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 11, 'a.c', 1, 'main', 'work'), (2, 12, 'a.c', 2, 'main', 'work'), (3, 13, 'a.c', 30, 'work', NULL), (4, 14, 'a.c', 31, 'work', NULL);
INSERT INTO exception (exception_id, type, message, pattern, raised_site_id) VALUES (50, 'ValueError', 'bad 3', 'bad #', 3), (51, 'ValueError', 'bad 4', 'bad #', 4), (52, 'KeyError', 'x', NULL, 3);
INSERT INTO failure (failure_id, kind, how, exception_id, stored_ns, stored_handle_count, created_site_id, released_ns) VALUES
    (5, 1, 1, 51, 110, 1, 2, 200), (3, 1, 1, 50, 100, 1, 1, 200), (7, 1, 1, 52, 120, 1, 1, NULL), (9, 2, 4, NULL, 130, 1, NULL, NULL);
